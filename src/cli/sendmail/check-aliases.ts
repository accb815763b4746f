/**
 * `mq-sendmail -bi` and `newaliases`: reads the aliases file, counts what it has and names everything that mail to
 * one of its aliases would stumble over. There is no database to rebuild, so nothing is written.
 */
import { checkAliases } from '../../aliases/check.ts'
import { loadAliases } from '../../aliases/load.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { aliasSource } from '../resolve-recipients.ts'
import type { Setup } from '../setup.ts'

/**
 * Checks the aliases file.
 *
 * @param file the file named on the command line, instead of the configured one
 * @returns 78 when something is wrong with it, else 0
 * @throws MailError CONFIG_* when it cannot be read, QUEUE_IO when reading it or a list may work later
 */
export async function checkAliasesFile(
  { config, terminal }: Setup,
  file: string | undefined,
): Promise<ExitCode> {
  const path = file ?? config.aliases
  const parsed = loadAliases(path, { explicit: true })
  const problems = [
    ...parsed.warnings,
    ...checkAliases(parsed, path, await aliasSource(config, parsed.aliases)),
  ]
  for (const problem of problems) terminal.complain(problem)
  terminal.print(`${path}: ${parsed.aliases.size} aliases\n`)
  return problems.length > 0 ? EX.CONFIG : EX.OK
}
