/**
 * How the account logs in: as the options say, or as a person at the terminal answers. A password is never an argument:
 * it comes from a file, from standard input, or from the keyboard.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { providerOf } from '../../config/oauth2-providers.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { withoutByteOrderMark } from '../../util/byte-order-mark.ts'
import { namedPath } from '../named-path.ts'
import { standardInput } from '../standard-input.ts'
import { DASH, missing, type ConfigureOptions } from './call.ts'
import type { Provider } from './providers.ts'
import type { Questions } from './questions.ts'

/** Where the secret of an account is to come from. */
export type Login =
  | { readonly kind: 'none' }
  /** Has to be stored. */
  | { readonly kind: 'password'; readonly password: string }
  /** To be written into the file by somebody else: nothing is stored. */
  | { readonly kind: 'later' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'oauth2'; readonly clientId: string; readonly clientSecret: string | undefined }

/** More than a secret has, in octets. */
const LARGEST = 64 * 1024

/** The first line of a text that holds a secret. */
function firstLine(text: string, what: string): string {
  const [line = ''] = withoutByteOrderMark(text).split(/\r?\n/)
  if (line === '')
    throw new MailError('USAGE', `${what} has nothing in its first line; write the secret there`)
  return line
}

async function fromStandardInput(option: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of standardInput()) {
    size += chunk.length
    if (size > LARGEST)
      throw new MailError(
        'USAGE',
        `${option}: standard input is too long for a secret; give its first line only`,
      )
    chunks.push(chunk)
  }
  return firstLine(Buffer.concat(chunks).toString('utf8'), 'standard input')
}

async function secretIn(name: string, option: string): Promise<string> {
  if (name === DASH) return fromStandardInput(option)
  const { firstLineOf } = await import('../../transport/secrets/file.ts')
  try {
    return firstLineOf(namedPath(name, 'file'), option)
  } catch (error) {
    throw new MailError('INPUT_MISSING', describeError(error))
  }
}

/** A pipe, as a shell makes one for `<(...)`, is gone later: what it holds has to be stored. */
function isFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isFile()
  } catch (error) {
    const sentence = `--password-file ${path} cannot be read: ${describeError(error)}`
    throw new MailError('INPUT_MISSING', `${sentence}; check path, owner and mode`)
  }
}

async function passwordFile(name: string): Promise<Login> {
  if (name !== DASH) {
    const path = namedPath(name, 'password file')
    if (isFile(path)) return { kind: 'file', path }
  }
  return { kind: 'password', password: await secretIn(name, '--password-file') }
}

async function oauth2Login(options: ConfigureOptions, questions: Questions | undefined): Promise<Login> {
  if (options.oauth2ClientId === undefined && questions === undefined)
    throw missing('the id of the OAuth 2.0 application', '--oauth2-client-id')
  const clientId =
    options.oauth2ClientId ?? (await questions?.ask('Id of the application at the provider')) ?? ''
  const file = options.oauth2ClientSecretFile
  const asked =
    file === undefined ? questions?.askSecret('Secret of the application, if it has one') : undefined
  const secret = file === undefined ? await asked : await secretIn(file, '--oauth2-client-secret-file')
  return { kind: 'oauth2', clientId, clientSecret: secret === '' ? undefined : secret }
}

async function askPassword(questions: Questions): Promise<Login> {
  for (;;) {
    const password = await questions.askSecret('Password (not shown)')
    if (password !== '') return { kind: 'password', password }
  }
}

async function askLogin(
  options: ConfigureOptions,
  { host, provider }: { readonly host: string; readonly provider: Provider | undefined },
  questions: Questions,
): Promise<Login> {
  const choices: (readonly [string, () => Promise<Login>])[] = [
    ['a password', () => askPassword(questions)],
    [
      'a program that prints the password',
      async () => ({ kind: 'command', command: await questions.ask('Program and arguments') }),
    ],
  ]
  if (providerOf(host) !== undefined) {
    const oauth2 = ['OAuth 2.0, with mq-auth', () => oauth2Login(options, questions)] as const
    if (provider?.login === 'OAuth 2.0') choices.unshift(oauth2)
    else choices.push(oauth2)
  }
  choices.push(['nothing: the server takes mail without a login', async () => ({ kind: 'none' })])
  questions.say('Log in with:')
  const index = await questions.choose(
    'Number',
    choices.map(([name]) => name),
  )
  return (await choices[index]?.[1]()) ?? { kind: 'none' }
}

/**
 * Finds out how to log in.
 *
 * @param isNeeded whether a password has to be known now, to store it or to try it
 * @throws MailError USAGE for what is missing, INPUT_MISSING for a file that cannot be read
 */
export async function chooseLogin(
  options: ConfigureOptions,
  server: { readonly host: string; readonly provider: Provider | undefined },
  questions: Questions | undefined,
  isNeeded: boolean,
): Promise<Login> {
  if (!options.login) return { kind: 'none' }
  if (options.passwordFile !== undefined) return passwordFile(options.passwordFile)
  if (options.passwordCommand !== undefined) return { kind: 'command', command: options.passwordCommand }
  if (options.oauth2 === true) return oauth2Login(options, questions)
  if (!isNeeded) return { kind: 'later' }
  if (questions === undefined)
    throw missing('the password', '--password-file (or --password-command, --oauth2, --no-login)')
  return askLogin(options, server, questions)
}
