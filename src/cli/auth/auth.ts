/**
 * mq-auth: lets a user permit mailqueue to send over an account with OAuth 2.0, and stores the refresh token that comes
 * of it where the configuration says. No token is ever printed.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { OAuth2Settings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import {
  awaitPermission,
  requestDeviceCode,
  type OAuth2Client,
  type Permission,
} from '../../transport/oauth2/device-flow.ts'
import { lockFile, writeRefreshToken } from '../../transport/oauth2/token-files.ts'
import { textField, type TokenReply } from '../../transport/oauth2/token-request.ts'
import { SecretUnknown } from '../../transport/secrets/unknown.ts'
import { withLock } from '../../util/private-file.ts'
import { useAccount } from '../account.ts'
import { newCommand, parseCommand } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { setUp } from '../setup.ts'
import { askInBrowser } from './browser-flow.ts'

interface AuthOptions {
  readonly config?: string
  readonly account?: string
  readonly browser?: true
  readonly device?: true
  readonly port?: string
}

type Refreshing = OAuth2Settings & OAuth2Client & { readonly kind: 'refresh' }

const NEEDED = `mq-auth needs smtp_hostname, smtp_username, oauth2_client_id and oauth2_refresh_token_file in the configuration`

/** Asking somebody for a permission that cannot be stored would be for nothing. */
function checkWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    const sentence = `cannot write the refresh token to ${file}: ${describeError(error)}`
    throw new MailError(
      'CONFIG_DENIED',
      `${sentence}; make its directory, or correct oauth2_refresh_token_file`,
    )
  }
}

function portOf({ port = '0' }: AuthOptions): number {
  if (/^\d{1,5}$/.test(port) && Number(port) < 65536) return Number(port)
  throw new MailError('USAGE', '--port takes a port number')
}

async function askWithCode(terminal: Terminal, deviceUrl: string, client: OAuth2Client): Promise<Permission> {
  const code = await requestDeviceCode(deviceUrl, client)
  terminal.print(`Open ${code.address} in any browser and type in the code ${code.userCode}\n`)
  return awaitPermission(code, client, (why) =>
    terminal.complain(`${why}; trying again until the code expires`),
  )
}

async function ask(terminal: Terminal, settings: Refreshing, options: AuthOptions): Promise<Permission> {
  const { authorizeUrl, deviceUrl } = settings
  if (options.browser !== true && deviceUrl !== undefined) return askWithCode(terminal, deviceUrl, settings)
  if (options.device === true) {
    throw new MailError(
      'CONFIG_MISSING',
      'this provider gives out no codes; add oauth2_device_url, or use --browser',
    )
  }
  if (authorizeUrl !== undefined) return askInBrowser(terminal, authorizeUrl, settings, portOf(options))
  throw new MailError(
    'CONFIG_MISSING',
    'this provider is not known; add oauth2_device_url or oauth2_authorize_url',
  )
}

async function store(file: string, { fields }: TokenReply): Promise<void> {
  const token = textField(fields, 'refresh_token')
  if (token === undefined) {
    const remedy = 'oauth2_scope may have to ask for one (offline_access)'
    throw new MailError('CONFIG_INVALID', `the provider gave permission, but no refresh token; ${remedy}`)
  }
  try {
    await withLock(lockFile(file), () => writeRefreshToken(file, token))
  } catch (error) {
    throw new MailError('CONFIG_DENIED', `cannot write the refresh token to ${file}: ${describeError(error)}`)
  }
}

async function authorize(terminal: Terminal, options: AuthOptions): Promise<ExitCode> {
  const usual = await setUp(terminal, { config: options.config })
  const { config } = options.account === undefined ? usual : useAccount(usual, options.account, '--account')
  const { smtp } = config
  const oauth2 = smtp?.auth.oauth2
  if (smtp === undefined || oauth2?.kind !== 'refresh')
    throw new MailError('CONFIG_MISSING', `${NEEDED}; see mq-auth(1)`)
  checkWritable(oauth2.refreshTokenFile)
  const permission = await ask(terminal, { ...oauth2, smtp }, options)
  if (permission.kind !== 'granted') {
    terminal.complain(`no permission was given: ${permission.why}; run mq-auth again`)
    return permission.kind === 'denied' ? EX.UNAVAILABLE : EX.TEMPFAIL
  }
  await store(oauth2.refreshTokenFile, permission.reply)
  terminal.print(
    `The refresh token is in ${oauth2.refreshTokenFile}. Try it: mq-send-test --to=YOU@SITE.EXAMPLE\n`,
  )
  return EX.OK
}

/** Runs mq-auth. */
export async function authCommand(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(
    terminal,
    'Permits mailqueue to log in with OAuth 2.0, and stores the refresh token.',
  )
    .option('-C, --config <file>', 'configuration file')
    .option('-a, --account <name>', 'account of the configuration')
    .option('--device', 'with a code that is typed in on any machine')
    .option('--browser', 'with a browser on this machine')
    .option('--port <port>', 'port of this machine that the browser is sent to')
    .action(async (options: AuthOptions) => {
      if (options.browser === true && options.device === true)
        throw new MailError('USAGE', '--browser and --device exclude each other; leave one out')
      try {
        exitCode = await authorize(terminal, options)
      } catch (error) {
        if (!(error instanceof SecretUnknown)) throw error
        throw new MailError('NOT_ACCEPTED', error.message, { cause: error })
      }
    })
  await parseCommand(command, terminal)
  return exitCode
}
