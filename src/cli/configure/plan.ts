/**
 * What is to be configured: address, server, user and login, from the options, from what is known, and, where there is a
 * terminal, from the answers of a person. Nothing is written here.
 */
import { MailError } from '../../errors/mail-error.ts'
import { envelopeAddress, splitAddress } from '../../message/address/address.ts'
import { missing, type ConfigureOptions } from './call.ts'
import { findServer, serverOf, type FoundServer, type Server, type ServerResolver } from './find-server.ts'
import { chooseLogin } from './login.ts'
import type { Places } from './places.ts'
import { providerNamed, providerOfServer, type Provider } from './providers.ts'
import type { Questions } from './questions.ts'
import type { Plan } from './settings.ts'

/** What a plan is made of. */
export interface Planning {
  /** The address of the command line. */
  readonly operand: string | undefined
  readonly options: ConfigureOptions
  readonly places: Places
  /** Undefined where nobody can be asked. */
  readonly questions: Questions | undefined
  /** Tells what has to be known, also where nobody can be asked. */
  readonly note: (line: string) => void
  readonly providers: readonly Provider[]
  /** Asks the DNS; that of the system unless given. */
  readonly resolver?: ServerResolver | undefined
}

/** The address, with its domain. */
async function addressOf({ operand, questions }: Planning): Promise<{ address: string; domain: string }> {
  if (operand === undefined && questions === undefined)
    throw new MailError('USAGE', 'name the mail address that mail is to be sent from; see --help')
  const text = operand ?? (await questions?.ask('Your mail address')) ?? ''
  const address = envelopeAddress(text, 'address')
  const { domain } = splitAddress(address)
  if (domain === undefined)
    throw new MailError('ADDRESS_INVALID', `the address ${address} has no domain; write it as NAME@DOMAIN`)
  return { address, domain }
}

function portOf({ port }: Pick<ConfigureOptions, 'port'>): number | undefined {
  if (port === undefined) return undefined
  if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65536) return Number(port)
  throw new MailError('USAGE', '--port takes a port number')
}

function usable(server: Server): Server {
  const { provider } = server
  if (provider?.unusable === undefined) return server
  throw new MailError('MESSAGE_REFUSED', `${provider.unusable}; another server can be named with --host`)
}

async function askServer(questions: Questions, providers: readonly Provider[]): Promise<Server> {
  const host = await questions.ask('Server that takes your mail')
  const port = portOf({ port: await questions.ask('Its port', '587') })
  return { host, port, implicitTls: undefined, provider: providerOfServer(providers, host) }
}

/** Whether a server that was found is the right one. */
async function isAccepted(found: FoundServer, { questions, options }: Planning): Promise<boolean> {
  const { host, port, by, trusted } = found
  if (options.yes === true && trusted) return true
  const what = `${host}, port ${port} (${by})`
  if (questions !== undefined) {
    if (!trusted) questions.say(`Only the DNS says so, and it can be forged: ${host} would get the password.`)
    return questions.confirm(`Use ${what}?`, trusted)
  }
  const option = trusted ? '--yes' : `--host=${host} --port=${port}`
  throw new MailError('USAGE', `nobody can be asked whether to use ${what}; say so with ${option}`)
}

async function chooseServer(planning: Planning, domain: string): Promise<Server> {
  const { options, questions, providers, resolver } = planning
  const port = portOf(options)
  if (options.host !== undefined) {
    const provider = providerOfServer(providers, options.host)
    return { host: options.host, port, implicitTls: undefined, provider }
  }
  const withPort = (server: Server): Server =>
    usable(port === undefined ? server : { ...server, port, implicitTls: undefined })
  if (options.provider !== undefined) {
    const provider = providerNamed(providers, options.provider)
    if (provider === undefined)
      throw new MailError('USAGE', 'there is no provider of that name; mq-configure --list shows all of them')
    return withPort(serverOf(provider))
  }
  const found = await findServer(domain, providers, resolver)
  if (
    typeof found !== 'string' &&
    (found.provider?.unusable !== undefined || (await isAccepted(found, planning)))
  )
    return withPort(found)
  if (typeof found === 'string') {
    if (questions === undefined) throw new MailError('USAGE', `${found}; name the server with --host`)
    questions.say(`No server was found: ${found}.`)
  }
  if (questions === undefined) throw missing('the server', '--host')
  return askServer(questions, providers)
}

async function chooseUser(
  { options, questions }: Planning,
  server: Server,
  address: string,
): Promise<string> {
  if (options.user !== undefined) return options.user
  const usual = server.provider?.user ?? address
  return questions === undefined || options.yes === true ? usual : questions.ask('User name', usual)
}

/**
 * Makes the plan.
 *
 * @throws MailError USAGE for what is missing or contradicts itself, ADDRESS_INVALID, and MESSAGE_REFUSED for a provider
 *   that takes no mail
 */
export async function makePlan(planning: Planning): Promise<Plan> {
  const { options, places, questions } = planning
  const { address, domain } = await addressOf(planning)
  const server = await chooseServer(planning, domain)
  const user = options.login ? await chooseUser(planning, server, address) : undefined
  const hint = server.provider?.hint
  // Who uses OAuth 2.0, or no login, has no use for it.
  if (hint !== undefined && options.oauth2 !== true) planning.note(hint)
  const isNeeded = options.check || !places.printed
  const login = await chooseLogin(options, server, questions, isNeeded)
  return { address, server, user: login.kind === 'none' ? undefined : user, login, places }
}
