/**
 * What is to be done once the configuration is there: the commands to type.
 */
import { existsSync } from 'node:fs'
import { basename, delimiter, dirname } from 'node:path'
import { locateConfig } from '../../config/locate.ts'
import { quoteShellWords } from '../../config/shell-words.ts'
import { MailError } from '../../errors/mail-error.ts'

/** What the commands depend on. */
export interface Situation {
  /** The configuration that was written. */
  readonly file: string
  readonly address: string
  readonly account: string | undefined
  /** Mail is sent with a permission that mq-auth gets. */
  readonly oauth2: boolean
  /** The user who is to run mq-run; undefined for this one. */
  readonly owner: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/** True when the commands read the file without being told. */
function isFound({ file, env, home }: Situation): boolean {
  // A variable of this shell is none of cron's.
  if ((env['MAILQUEUE_CONF'] ?? '') !== '') return false
  try {
    return locateConfig({ env, home }) === file
  } catch (error) {
    if (error instanceof MailError) return false
    throw error
  }
}

/** What cron has to know to find the commands and Node.js. */
function searchPath(): string {
  const folders = [dirname(process.argv[1] ?? ''), dirname(process.execPath), '/usr/bin', '/bin']
  return quoteShellWords([
    `PATH=${[...new Set(folders.filter((folder) => folder.startsWith('/')))].join(delimiter)}`,
  ])
}

/** Where packages and administrators put the units of systemd. */
const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']
const MACHINE_FILE = '/etc/mailqueue.conf'

/** True when a daemon delivers what is queued, by the configuration of the machine. */
function hasDaemon({ file }: Situation): boolean {
  return file === MACHINE_FILE && UNIT_FOLDERS.some((folder) => existsSync(`${folder}/mailqueue.service`))
}

/** What has to be done so that queued mail is delivered. */
function delivering(situation: Situation, config: readonly string[]): string {
  if (hasDaemon(situation))
    return 'Let the daemon read the configuration:\n\n    systemctl restart mailqueue\n'
  const { owner } = situation
  const crontab = quoteShellWords(['crontab', ...(owner === undefined ? [] : ['-u', owner]), '-e'])
  const line = `    * * * * * ${searchPath()} ${quoteShellWords(['mq-run', ...config])}\n`
  return `Let cron deliver what was queued (${crontab}):\n\n${line}`
}

/** The commands, with a sentence before each. */
export function nextSteps(situation: Situation): string {
  const { file, address, account, oauth2 } = situation
  const config = isFound(situation) ? [] : ['-C', file]
  const which = account === undefined ? [] : ['--account', account]
  const say = (words: readonly string[]): string => `    ${quoteShellWords(words)}\n`
  const steps = [
    ...(oauth2 ? [`Permit it, with a browser:\n\n${say(['mq-auth', ...config, ...which])}`] : []),
    `Send a message to try it:\n\n${say(['mq-send-test', ...config, ...which, `--to=${address}`])}`,
    ...(account === undefined ? [delivering(situation, config)] : []),
  ]
  return steps.join('\n')
}

/** The name of a file and what it is for, for the report. */
export function written(file: string, mode: number): string {
  return `Written: ${file} (mode 0${mode.toString(8)}${basename(file).endsWith('.password') ? ', the password' : ''})\n`
}
