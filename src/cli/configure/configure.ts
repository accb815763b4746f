/**
 * mq-configure: makes the configuration of an account from little more than its address, tries it, and writes it. A
 * configuration that does not work is not written unless somebody wants it; one that is there is never overwritten in
 * silence. No password is ever an argument, and none is shown.
 */
import type { Config } from '../../config/config.ts'
import { configFromSettings } from '../../config/settings.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { nullLogger } from '../../logging/logger.ts'
import { newCommand, parseCommand } from '../commander.ts'
import { dialogueLogger } from '../dialogue-logger.ts'
import type { Terminal } from '../exit.ts'
import { thisCaller, type Caller } from '../identity.ts'
import { checkOptions, type ConfigureOptions } from './call.ts'
import { tryServer } from './check.ts'
import { textOf } from './file-text.ts'
import { providerList } from './list.ts'
import { choosePlaces } from './places.ts'
import { makePlan } from './plan.ts'
import { loadProviders } from './providers.ts'
import { openQuestions, type Questions } from './questions.ts'
import { settingsOf, type Plan, type Setting } from './settings.ts'
import { write } from './write.ts'

/** Everything that one call knows. */
interface Call {
  readonly terminal: Terminal
  readonly options: ConfigureOptions
  readonly caller: Caller
  readonly questions: Questions | undefined
}

/** The configuration as it would be read, with the password that is not in its place yet. */
function configOf(settings: readonly Setting[], { login, places }: Plan, caller: Caller): Config {
  const values = new Map(settings.map(({ option, value }) => [option.name, { option, value }] as const))
  if (login.kind === 'password' && values.get('password_file')?.value === places.passwordFile)
    values.delete('password_file')
  const given = [...values.values()].filter(({ option }) => option.fileOnly !== true)
  const password = login.kind === 'password' ? { smtp_password: login.password } : {}
  const texts = Object.fromEntries(given.map(({ option, value }) => [option.name, value]))
  try {
    return configFromSettings({ ...texts, ...password }, caller)
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    throw new MailError('USAGE', error.message.replace(/^settings: /, ''), { cause: error })
  }
}

/** What can be tried: without the permission that mq-auth is still to get, everything but the login. */
function trial({ smtp }: Config, { login }: Plan): Config['smtp'] {
  if (smtp === undefined || login.kind !== 'oauth2') return smtp
  return { ...smtp, auth: { ...smtp.auth, method: 'off' } }
}

/** Tries the account. Resolves to the exit code when it does not work and is not wanted all the same. */
async function check(call: Call, config: Config, plan: Plan): Promise<ExitCode | undefined> {
  const { terminal, options, questions } = call
  const smtp = trial(config, plan)
  if (!options.check || smtp === undefined) return undefined
  questions?.say(`Trying ${smtp.host}, port ${smtp.port} ...`)
  const result = await tryServer(smtp, options.verbose === true ? dialogueLogger(terminal) : nullLogger)
  if (result.ok) {
    const line = `OK: ${result.said}`
    if (plan.places.file === undefined) terminal.complain(line)
    else terminal.print(`${line}\n`)
    return undefined
  }
  terminal.complain(result.reason)
  if ((await questions?.confirm('It does not work. Write the configuration all the same?', false)) === true)
    return undefined
  terminal.complain('nothing was written; --no-check writes without trying')
  return result.exitCode
}

async function configure(call: Call, operand: string | undefined): Promise<ExitCode> {
  const { terminal, options, caller, questions } = call
  checkOptions(options)
  const places = choosePlaces(options, terminal.env, caller.home)
  const providers = await loadProviders()
  const plan = await makePlan({ operand, options, places, questions, providers })
  const settings = settingsOf(plan, options, caller.home)
  const config = configOf(settings, plan, caller)
  const texts = textOf(settings, options.account, places)
  const failed = await check(call, config, plan)
  if (failed !== undefined) return failed
  if (places.file === undefined) terminal.print(texts.main)
  else await write(call, { ...plan, config, texts, file: places.file })
  return EX.OK
}

/** Collects an option that may be given several times. */
const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Runs mq-configure. */
export async function configureCommand(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(terminal, 'Makes the configuration of a mail account, tries it, and writes it.')
    .argument('[address]', 'the mail address that mail is sent from')
    .option('--list', 'list the providers that are known')
    .option('--provider <name>', 'a provider of the list, instead of the one of the address')
    .option('--host <host>', 'the server that takes the mail')
    .option('--port <port>', 'its port')
    .option('--tls <level>', 'how the connection is protected: off, may, require, verify, pin')
    .option('--user <name>', 'user name for the login, instead of the address')
    .option('--from <sender>', 'sender of mail that names none, instead of the address')
    .option('--password-file <file>', 'file with the password in its first line; - reads standard input')
    .option('--password-command <command>', 'program that prints the password in its first line')
    .option('--oauth2', 'log in with OAuth 2.0; mq-auth gets the permission')
    .option('--oauth2-client-id <id>', 'the application, as the provider knows it')
    .option('--oauth2-client-secret-file <file>', 'file with its secret; - reads standard input')
    .option('--no-login', 'the server takes mail without a login')
    .option('--set <option=value>', 'any other option of mailqueue.conf; may be repeated', collect)
    .option('-o, --output <file>', 'file to write; - prints the configuration')
    .option('-a, --account <name>', 'add an account of this name to the configuration')
    .option('--owner <user>', 'user who sends mail and gets password and queue; for root')
    .option('--force', 'replace a configuration that exists, and keep a copy')
    .option('--no-check', 'write without trying the server')
    .option('-y, --yes', 'take what was found without asking')
    .option('-v, --verbose', 'show the SMTP dialogue on standard error')
    .action(async (operand: string | undefined, options: ConfigureOptions) => {
      if (options.list === true) {
        terminal.print(providerList(await loadProviders()))
        return
      }
      const caller = thisCaller(terminal.env)
      exitCode = await configure({ terminal, options, caller, questions: openQuestions() }, operand)
    })
  await parseCommand(command, terminal)
  return exitCode
}
