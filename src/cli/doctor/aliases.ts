/**
 * The step about the aliases file: every alias leads somewhere.
 */
import { checkAliases } from '../../aliases/check.ts'
import { loadAliases } from '../../aliases/load.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX } from '../../errors/sysexits.ts'
import { aliasSource } from '../resolve-recipients.ts'
import { splitSentence } from './sentence.ts'
import type { Finding, Patient } from './step.ts'

/** The file that may be missing, because nobody named it. */
const USUAL = '/etc/aliases'

/** The aliases file is there, and nothing in it leads nowhere. */
export async function lookAtAliases({ config }: Patient): Promise<Finding> {
  const path = config.aliases
  const what = 'the aliases file cannot be used as it is'
  try {
    const parsed = loadAliases(path, { explicit: path !== USUAL })
    const source = await aliasSource(config, parsed.aliases)
    const problems = [...parsed.warnings, ...checkAliases(parsed, path, source)]
    const facts = { file: path, aliases: parsed.aliases.size, problems }
    const [first] = problems
    if (first === undefined) return { state: 'ok', says: `${path}, ${parsed.aliases.size} aliases`, facts }
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    const remedy = `correct ${path}; newaliases names everything that is wrong with it`
    return { state: 'failed', what, why: `${first}${more}`, remedy, exit: EX.CONFIG, facts }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    const { why, remedy } = splitSentence(error.publicMessage, 'correct aliases')
    const exit = error.temporary ? EX.TEMPFAIL : EX.CONFIG
    return { state: 'failed', what, why, remedy, exit, facts: { file: path } }
  }
}
