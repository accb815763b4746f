/**
 * mq-configure: makes the configuration of an account from little more than its address, tries it, and writes it. A
 * configuration that does not work is not written unless somebody wants it; one that is there is never overwritten in
 * silence. No password is ever an argument, and none is shown.
 */
import { configOf as accountConfig, findAccount } from '../../config/accounts.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
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
import type { PlacedFile } from './place-files.ts'
import { providerList } from './list.ts'
import { choosePlaces } from './places.ts'
import { makePlan } from './plan.ts'
import { loadProviders } from './providers.ts'
import { openQuestions, type Questions } from './questions.ts'
import { settingsOf, type Plan } from './settings.ts'
import { filesOf, write } from './write.ts'

/** Everything that one call knows. */
interface Call {
  readonly terminal: Terminal
  readonly options: ConfigureOptions
  readonly caller: Caller
  readonly questions: Questions | undefined
}

/** The configuration as it will be read. What is wrong with it comes from the command line. */
async function configOf({ options, terminal, caller }: Call, files: readonly PlacedFile[]): Promise<Config> {
  const { account } = options
  const file = files.at(-1)?.path
  const pending = new Map(files.map(({ path, text, mode }) => [path, { text, mode }]))
  const complain = (line: string): void => terminal.complain(line)
  try {
    const { env } = terminal
    const config = await loadConfig({ file, env, home: caller.home, identity: caller, complain, pending })
    const found = account === undefined ? undefined : findAccount(config, account)
    return found === undefined ? config : accountConfig(config, found)
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'CONFIG_INVALID') throw error
    throw new MailError('USAGE', `this would not be valid: ${error.message}`, { cause: error })
  }
}

/** What can be tried: with a password that is not in its place yet, and without a permission that there is none of yet. */
function trial({ smtp }: Config, { login }: Plan): Config['smtp'] {
  if (smtp === undefined) return undefined
  if (login.kind === 'oauth2') return { ...smtp, auth: { ...smtp.auth, method: 'off' } }
  if (login.kind !== 'password') return smtp
  return { ...smtp, password: login.password, auth: { ...smtp.auth, passwordFile: undefined } }
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
    if (plan.places.printed) terminal.complain(line)
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
  const note = (line: string): void => {
    if (questions === undefined) terminal.complain(line)
    else questions.say(line)
  }
  const plan = await makePlan({ operand, options, places, questions, providers, note })
  const settings = settingsOf(plan, options, caller.home)
  const texts = textOf(settings, options.account, places)
  const files = filesOf(plan, texts, options)
  const config = await configOf(call, files)
  const failed = await check(call, config, plan)
  if (failed !== undefined) return failed
  if (places.printed) terminal.print(texts.main)
  else await write(call, { ...plan, config, files })
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
