/**
 * The settings of the configuration that is made, each with a comment that says what it does: only what differs from the
 * defaults. The values are checked as those of a file are.
 */
import { splitWords } from '../../config/kinds/option-kind.ts'
import { findOption } from '../../config/options.ts'
import type { Option } from '../../config/options/option.ts'
import { suggestion } from '../../config/nearest.ts'
import { optionNames } from '../../config/options.ts'
import { MailError } from '../../errors/mail-error.ts'
import { hasControl } from '../../util/control-characters.ts'
import type { ConfigureOptions } from './call.ts'
import type { Server } from './find-server.ts'
import type { Login } from './login.ts'
import type { Places } from './places.ts'

/** One line of the configuration. */
export interface Setting {
  readonly option: Option<unknown>
  /** The value itself, before anything is quoted. */
  readonly value: string
  /** What it does. */
  readonly why: string
}

/** What the settings are made of. */
export interface Plan {
  /** The address that mail is sent from. */
  readonly address: string
  readonly server: Server
  /** Undefined when nobody logs in. */
  readonly user: string | undefined
  readonly login: Login
  readonly places: Places
}

/** The ports that need not be written. */
const USUAL_PORT = { withLogin: 587, without: 25 }
const TLS_PORT = 465

function setting(name: string, value: string, why: string): Setting {
  const option = findOption(name)
  if (option === undefined) throw new Error(`there is no option ${name}`)
  return { option, value, why }
}

function serverSettings({ server, login }: Plan, options: ConfigureOptions): Setting[] {
  const { host, port, implicitTls, provider } = server
  const usual = login.kind === 'none' ? USUAL_PORT.without : USUAL_PORT.withLogin
  const whose = provider === undefined ? '' : `: ${provider.description}`
  // An account would inherit the port of the others.
  const isWritten = options.account === undefined ? port !== undefined && port !== usual : true
  const own = port ?? usual
  const encrypted = implicitTls ?? own === TLS_PORT
  return [
    setting('smtp_hostname', host, `The server that takes the mail${whose}.`),
    ...(isWritten
      ? [setting('smtp_port', String(own), encrypted ? 'TLS from the first byte.' : 'Its port.')]
      : []),
    ...(encrypted !== (own === TLS_PORT)
      ? [setting('tls_implicit', encrypted ? 'yes' : 'no', 'Whether TLS begins with the first byte.')]
      : []),
    ...(options.tls === undefined ? [] : [setting('tls', options.tls, 'How the connection is protected.')]),
  ]
}

function secretSettings({ login, places }: Plan, options: ConfigureOptions): Setting[] {
  const { isPublic, passwordFile, tokenFile } = places
  switch (login.kind) {
    case 'none':
      // An account would inherit the login of the others.
      return options.account === undefined ? [] : [setting('auth', 'off', 'Nobody logs in.')]
    case 'password':
      return isPublic
        ? [
            setting(
              'password_file',
              passwordFile,
              'The file with the password, which only its owner can read.',
            ),
          ]
        : [setting('smtp_password', login.password, 'Keep this file to yourself: mode 0600.')]
    case 'later':
      return [setting('password_file', passwordFile, 'Write the password into this file, mode 0600.')]
    case 'file':
      return [setting('password_file', login.path, 'The file with the password in its first line.')]
    case 'command':
      return [setting('password_command', login.command, 'Prints the password in its first line.')]
    case 'oauth2':
      return [
        setting('oauth2_client_id', login.clientId, 'The application, as the provider knows it.'),
        ...(login.clientSecret === undefined
          ? []
          : [setting('oauth2_client_secret', login.clientSecret, 'Its secret.')]),
        setting('oauth2_refresh_token_file', tokenFile, 'The permission to send; mq-auth writes it.'),
      ]
  }
}

function senderSettings({ address, server }: Plan, options: ConfigureOptions): Setting[] {
  // A sign for a value that is put in, unless somebody meant it.
  const from = options.from ?? address.replaceAll('%', '%%')
  return [
    setting('from', from, 'The sender of mail that names none.'),
    ...(server.provider?.ownSenderOnly === true
      ? [
          setting(
            'force_from',
            'yes',
            'The provider takes mail of this sender only, so everything is sent from it.',
          ),
        ]
      : []),
  ]
}

/** The text of one --set, made absolute where it is a path. */
function readSet(text: string, home: string): Setting {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase()
  const option = findOption(name)
  if (at < 1 || option === undefined) {
    const hint = (at < 1 ? '' : suggestion(name, optionNames())) || '; write --set=OPTION=VALUE'
    throw new MailError('USAGE', `--set: no option "${name.slice(0, 80)}" of mailqueue.conf(5)${hint}`)
  }
  const value = text.slice(at + 1).trim()
  if (option.secret === true || option.secretPart?.test(value) === true)
    throw new MailError(
      'USAGE',
      `--set: everybody can see a secret on a command line; write ${name} into the file`,
    )
  const words = option.kind.accepts === 'list' ? splitWords(value) : [value]
  const parsed = option.kind.parse(words, { folder: process.cwd(), home })
  if (!parsed.ok) throw new MailError('USAGE', `--set: ${name} is not valid; write ${parsed.expected}`)
  return { option, value: option.kind.format(parsed.value), why: option.doc }
}

/**
 * The settings, in the order in which they are written; those of --set stand in the place of others.
 *
 * @param home where `~/` leads
 * @throws MailError USAGE for a --set that cannot be used
 */
export function settingsOf(plan: Plan, options: ConfigureOptions, home: string): Setting[] {
  const { user, places } = plan
  const all = [
    ...serverSettings(plan, options),
    ...(user === undefined
      ? []
      : [setting('smtp_username', user, 'Who logs in; TLS with a valid certificate is demanded then.')]),
    ...secretSettings(plan, options),
    ...senderSettings(plan, options),
    ...(options.account === undefined
      ? [setting('queue_dir', places.queueDir, 'Mail that cannot be sent at once waits here for mq-run.')]
      : [setting('match_from', plan.address, 'Mail from this sender goes over this account.')]),
  ]
  const made = all.filter(({ option }) => places.unfinished?.set.has(option.name) !== true)
  const set = (options.set ?? []).map((text) => readSet(text, home))
  const twice = set.find(({ option }, at) => set.findIndex((other) => other.option === option) !== at)
  if (twice !== undefined)
    throw new MailError('USAGE', `--set: ${twice.option.name} is given a second time; leave one out`)
  for (const { option, value } of [...made, ...set]) {
    // A line break would begin another setting.
    if (hasControl(value))
      throw new MailError('USAGE', `the value for ${option.name} has a control character; write it without`)
  }
  const replaced = made.map((own) => set.find(({ option }) => option === own.option) ?? own)
  return [...replaced, ...set.filter((each) => !replaced.includes(each))]
}
