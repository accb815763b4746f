/**
 * Percent signs in files written for mailqueue-runner. Its reader (Python's configparser) takes `%%` for one
 * percent sign and `%(name)s` for the value of another option. In the section [mqrunner] the first means the
 * same here, so that such a file works unchanged; the second is refused, for it cannot be told from a literal
 * text. In [mailqueue] a percent sign is a percent sign. `from` has its own rule for it and is left alone.
 */
import { configInvalid } from './config-error.ts'
import type { IniEntry } from './ini-file.ts'

/**
 * The value of an entry with the rule of its section applied.
 *
 * @param entry one line of a file
 * @param option the name of the option it stands for, not an alias
 * @throws MailError CONFIG_INVALID where a Python file would have referred to another option
 */
export function undoPercentSigns(entry: IniEntry, option: string): string {
  const { section, value, file, line } = entry
  if (section !== 'mqrunner') return value
  if (/(?:^|[^%])(?:%%)*%\([^)]*\)s/.test(value)) {
    const sentence = `${option} refers to another option by "%(name)s", which is not done here; write the value itself`
    throw configInvalid(
      `${file}:${line}`,
      `${sentence}, or use the section [mailqueue], where "%" is a plain character`,
    )
  }
  return option === 'from' ? value : value.replaceAll('%%', '%')
}
