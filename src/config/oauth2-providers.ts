/**
 * The providers whose OAuth 2.0 addresses are known, as a table: an account at one of them needs no more than a client
 * id and a file for the token. docs/authentication.md shows the same table.
 */

/** A provider. */
export interface OAuth2Provider {
  readonly name: string
  /** The servers by which it is recognized. */
  readonly hosts: RegExp
  readonly tokenUrl: string
  readonly authorizeUrl: string
  /** Left out where codes for other machines are not given out for mail. */
  readonly deviceUrl?: string
  readonly scope: string
}

const MICROSOFT = 'https://login.microsoftonline.com/common/oauth2/v2.0'

/** The table. */
export const OAUTH2_PROVIDERS: readonly OAuth2Provider[] = [
  {
    name: 'Google',
    hosts: /^smtp(?:-relay)?\.(?:gmail|googlemail)\.com$/i,
    tokenUrl: 'https://oauth2.googleapis.com/token',
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent',
    scope: 'https://mail.google.com/',
  },
  {
    name: 'Microsoft',
    hosts: /^(?:smtp\.office365\.com|smtp-mail\.outlook\.com|smtp\.outlook\.com)$/i,
    tokenUrl: `${MICROSOFT}/token`,
    authorizeUrl: `${MICROSOFT}/authorize`,
    deviceUrl: `${MICROSOFT}/devicecode`,
    scope: 'https://outlook.office.com/SMTP.Send offline_access',
  },
]

/** The provider of a server. */
export function providerOf(host: string): OAuth2Provider | undefined {
  return OAUTH2_PROVIDERS.find(({ hosts }) => hosts.test(host))
}
