/**
 * The command line of mq-configure, and what of it excludes each other.
 */
import { ACCOUNT_NAME_FORM, DEFAULT_ACCOUNT, isAccountName } from '../../config/account-name.ts'
import { MailError } from '../../errors/mail-error.ts'

/** The options as they were given. */
export interface ConfigureOptions {
  readonly list?: true
  readonly provider?: string
  readonly host?: string
  readonly port?: string
  readonly tls?: string
  readonly user?: string
  readonly from?: string
  readonly passwordFile?: string
  readonly passwordCommand?: string
  readonly oauth2?: true
  readonly oauth2ClientId?: string
  readonly oauth2ClientSecretFile?: string
  /** False with --no-login. */
  readonly login: boolean
  readonly set?: readonly string[]
  readonly output?: string
  readonly account?: string
  readonly owner?: string
  readonly force?: true
  /** False with --no-check. */
  readonly check: boolean
  readonly yes?: true
  readonly verbose?: true
}

/** Standard input or standard output in the place of a file. */
export const DASH = '-'

/** Options of which one excludes the others, by name and whether they are given. */
function exclusive(options: ConfigureOptions): readonly (readonly [string, boolean][])[] {
  return [
    [
      ['--password-file', options.passwordFile !== undefined],
      ['--password-command', options.passwordCommand !== undefined],
      ['--oauth2', options.oauth2 === true],
      ['--no-login', !options.login],
    ],
    [
      ['--no-login', !options.login],
      ['--user', options.user !== undefined],
    ],
    [
      ['--provider', options.provider !== undefined],
      ['--host', options.host !== undefined],
    ],
    [
      ['--account', options.account !== undefined],
      ['--force', options.force === true],
    ],
    [
      ['--output=-', options.output === DASH],
      ['--account', options.account !== undefined],
    ],
  ]
}

/**
 * Refuses what makes no sense together.
 *
 * @throws MailError USAGE
 */
export function checkOptions(options: ConfigureOptions): void {
  for (const group of exclusive(options)) {
    const [one, other] = group.filter(([, given]) => given)
    if (one !== undefined && other !== undefined)
      throw new MailError('USAGE', `${one[0]} and ${other[0]} exclude each other; leave one out`)
  }
  const { oauth2, oauth2ClientId, oauth2ClientSecretFile, account } = options
  if (oauth2 !== true && (oauth2ClientId ?? oauth2ClientSecretFile) !== undefined)
    throw new MailError('USAGE', 'an OAuth 2.0 client is for --oauth2 only; add --oauth2')
  if (account !== undefined && (!isAccountName(account) || account === DEFAULT_ACCOUNT))
    throw new MailError(
      'USAGE',
      `--account takes a name other than ${DEFAULT_ACCOUNT}, of ${ACCOUNT_NAME_FORM}`,
    )
}

/**
 * The error for something that is missing where nobody can be asked.
 *
 * @param what is missing
 * @param option by which it is given
 */
export const missing = (what: string, option: string): MailError =>
  new MailError('USAGE', `${what} is missing, and there is no terminal to ask on; give it with ${option}`)
