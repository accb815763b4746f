/**
 * Environment variables in values: `${NAME}` is the value of NAME, and `$${` a plain `${`. A variable that is not set
 * is an error that names it; in a secret it becomes one only when somebody wants to log in, so that mail can be handed in
 * where the secret is not known. In [mqrunner] nothing of this holds, because a password in a file of mailqueue-runner may
 * well have these signs.
 */
import { configInvalid } from './config-error.ts'
import type { IniEntry } from './ini-file.ts'
import type { Option } from './options/option.ts'

/** The environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A value after its variables are put in, or what is missing for that. */
export interface Expanded {
  readonly raw: string
  /** Set for a secret that cannot be told here; what the user has to know. */
  readonly missing?: string
}

const VARIABLE = /\$(\$?)\{([^}]*)(\}?)/g
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const PLAIN_SIGNS = 'write "$${" for these two signs themselves'

/**
 * Puts in the variables.
 *
 * @param value the text of an entry
 * @throws MailError CONFIG_INVALID for a variable that is not set, and for a `${` without a name
 */
export function expandVariables(
  value: string,
  { section, file, line }: Pick<IniEntry, 'section' | 'file' | 'line'>,
  option: Option<unknown>,
  env: Environment,
): Expanded {
  if (section === 'mqrunner' || option.verbatim === true) return { raw: value }
  const where = `${file}:${line}`
  let missing: string | undefined
  const raw = value.replace(VARIABLE, (all, escape: string, name: string, end: string) => {
    if (escape !== '') return all.slice(1)
    if (end === '' || !NAME.test(name)) {
      throw configInvalid(where, `${option.name} has a "\${" that no name and "}" follow; ${PLAIN_SIGNS}`)
    }
    const found = env[name]
    if (found !== undefined) return found
    const sentence = `${option.name} needs the environment variable ${name}, which is not set; set it, or ${PLAIN_SIGNS}`
    if (option.secret !== true) throw configInvalid(where, sentence)
    missing ??= `${where}: ${sentence}`
    return ''
  })
  return missing === undefined ? { raw } : { raw, missing }
}
