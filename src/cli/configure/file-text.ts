/**
 * The text of the configuration: short, with a comment above each line. What is read from it is exactly what was decided;
 * no secret is in a text that others can read.
 */
import { basename } from 'node:path'
import { formatIniValue } from '../../config/ini-file.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Places } from './places.ts'
import type { Setting } from './settings.ts'

/** The texts of the files that are made of the settings. */
export interface Texts {
  readonly main: string
  /** What others must not read, for a file of its own that the main one includes. */
  readonly secrets: string | undefined
}

function line({ option, value, why }: Setting): string {
  // In a value these signs would be a variable.
  const plain = option.verbatim === true ? value : value.replaceAll('${', () => '$${')
  return `# ${why}\n${option.name} = ${formatIniValue(plain)}\n`
}

/**
 * Writes the settings.
 *
 * @param settings in their order
 * @param account the account that they are a section for; undefined for a whole file
 * @throws MailError USAGE for a secret that there is no place for
 */
export function textOf(
  settings: readonly Setting[],
  account: string | undefined,
  { isPublic, secretsFile }: Pick<Places, 'isPublic' | 'secretsFile'>,
): Texts {
  const secret = isPublic ? settings.filter(({ option }) => option.secret === true) : []
  const open = settings.filter((each) => !secret.includes(each)).map(line)
  if (account !== undefined) {
    if (secret[0] !== undefined) {
      const remedy = `make the file private (chmod go-rwx) first, or add ${secret[0].option.name} to an included file`
      throw new MailError('USAGE', `others can read the file, so no secret goes into it; ${remedy}`)
    }
    return { main: `[account ${account}]\n${open.join('')}`, secrets: undefined }
  }
  const head =
    '# Made by mq-configure; mailqueue.conf(5) explains these options and all others.\n\n[mailqueue]\n'
  if (secret.length === 0) return { main: head + open.join(''), secrets: undefined }
  const include = `# What others must not read.\ninclude = ${formatIniValue(basename(secretsFile))}\n`
  return {
    main: head + open.join('') + include,
    secrets: `[mailqueue]\n${secret.map(line).join('')}`,
  }
}
