/**
 * What mq-configure knows of providers besides nodemailer's list, as a table: servers that the list lacks or has wrong,
 * by which mail exchangers a domain of somebody else is known to be hosted there, and what a login there needs.
 */

/** One row; what is left out is as in the list. */
export interface ProviderNote {
  /** The name in the list, or a new one. */
  readonly name: string
  readonly description?: string
  readonly host?: string
  readonly port?: number
  /** In addition to those of the list. */
  readonly domains?: readonly string[]
  /** Domains whose hosts are the mail exchangers (MX) of the domains that the provider hosts. */
  readonly mx?: readonly string[]
  /** The user name that everybody has there. */
  readonly user?: string
  /** The password of the account is not taken, but one that is made for programs. */
  readonly appPassword?: true
  /** No password is taken at all. */
  readonly onlyOAuth2?: true
  /** Only mail from the address of the account is taken. */
  readonly ownSenderOnly?: true
  /** What has to be known before the login. */
  readonly hint?: string
  /** Why no mail can be sent over it. */
  readonly unusable?: string
}

/** The table. */
export const PROVIDER_NOTES: readonly ProviderNote[] = [
  {
    name: 'Gmail',
    mx: ['google.com', 'googlemail.com'],
    appPassword: true,
    hint: 'Gmail needs an app password: https://myaccount.google.com/apppasswords (2-Step Verification has to be on)',
  },
  {
    name: 'Hotmail',
    domains: [
      ...['live.com', 'msn.com', 'outlook.de', 'outlook.fr', 'outlook.es', 'outlook.it', 'outlook.jp'],
      ...['hotmail.co.uk', 'hotmail.de', 'hotmail.fr', 'hotmail.it', 'hotmail.es', 'live.de', 'live.co.uk'],
    ],
    onlyOAuth2: true,
    ownSenderOnly: true,
    hint: 'Outlook.com takes no passwords from programs: OAuth 2.0 is needed',
  },
  {
    name: 'Outlook365',
    mx: ['mail.protection.outlook.com', 'mx.microsoft'],
    ownSenderOnly: true,
    hint: 'Microsoft 365: an administrator has to allow SMTP AUTH for the mailbox; where passwords are not taken, OAuth 2.0 is needed',
  },
  {
    name: 'iCloud',
    mx: ['mail.icloud.com'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'iCloud needs an app-specific password: https://account.apple.com, Sign-In and Security',
  },
  {
    name: 'Yahoo',
    domains: [
      ...['ymail.com', 'rocketmail.com', 'myyahoo.com', 'yahoo.co.uk', 'yahoo.de', 'yahoo.fr', 'yahoo.es'],
      ...['yahoo.it', 'yahoo.ca', 'yahoo.com.br', 'yahoo.com.au', 'yahoo.co.in'],
    ],
    mx: ['yahoodns.net'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'Yahoo needs an app password: https://login.yahoo.com/account/security',
  },
  {
    name: 'AOL',
    domains: ['aim.com'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'AOL needs an app password: https://help.aol.com/articles/Create-and-manage-app-password',
  },
  {
    name: 'FastMail',
    domains: ['fastmail.net', 'fastmail.org', 'fastmail.co.uk', 'sent.com', 'messagingengine.com'],
    mx: ['messagingengine.com'],
    appPassword: true,
    hint: 'Fastmail needs an app password (Settings, Privacy & Security), which the Basic plan does not have',
  },
  {
    name: 'Yandex',
    domains: ['yandex.com', 'ya.ru', 'yandex.by', 'yandex.kz'],
    mx: ['yandex.net', 'yandex.ru'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'Yandex needs an app password: https://yandex.com/support/passport/authorization/app-passwords.html',
  },
  {
    name: 'Mail.ru',
    domains: ['mail.ru', 'inbox.ru', 'list.ru', 'bk.ru'],
    mx: ['mail.ru'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'Mail.ru needs a password for external applications: https://help.mail.ru/mail/security/protection/external',
  },
  {
    name: 'Proton',
    mx: ['protonmail.ch'],
    hint: 'Proton needs an SMTP token, which there is for domains of your own: Settings, IMAP/SMTP, SMTP tokens',
  },
  { name: 'Tutanota', domains: ['tutamail.com', 'keemail.me'], unusable: 'Tuta takes no mail over SMTP' },
  { name: 'OpenMailBox', unusable: 'OpenMailBox is no longer there' },
  {
    name: 'Maildev',
    unusable: 'MailDev is a program on this machine: name it with --host=127.0.0.1 --port=1025',
  },
  {
    name: 'GMX',
    mx: ['gmx.net'],
    ownSenderOnly: true,
    hint: 'GMX takes mail from programs once POP3 and IMAP are switched on in its settings',
  },
  {
    name: 'WEB.DE',
    description: 'WEB.DE',
    host: 'smtp.web.de',
    port: 587,
    domains: ['web.de'],
    ownSenderOnly: true,
    hint: 'WEB.DE takes mail from programs once POP3 and IMAP are switched on in its settings',
  },
  {
    name: 'T-Online',
    description: 'T-Online (Telekom)',
    host: 'securesmtp.t-online.de',
    port: 465,
    domains: ['t-online.de', 'magenta.de'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'T-Online needs a password for e-mail programs, made in the settings of the account',
  },
  {
    name: 'mailbox.org',
    description: 'mailbox.org',
    host: 'smtp.mailbox.org',
    port: 465,
    domains: ['mailbox.org'],
    mx: ['mailbox.org'],
  },
  {
    name: 'Posteo',
    description: 'Posteo',
    host: 'posteo.de',
    port: 465,
    domains: ['posteo.de', 'posteo.net'],
  },
  {
    name: 'Mailfence',
    description: 'Mailfence',
    host: 'smtp.mailfence.com',
    port: 465,
    domains: ['mailfence.com'],
  },
  { name: 'Migadu', description: 'Migadu', host: 'smtp.migadu.com', port: 465, mx: ['migadu.com'] },
  {
    name: 'IONOS',
    description: 'IONOS',
    host: 'smtp.ionos.com',
    port: 465,
    mx: ['ionos.com', 'perfora.net'],
  },
  {
    name: 'IONOS-DE',
    description: 'IONOS (Germany)',
    host: 'smtp.ionos.de',
    port: 465,
    domains: ['online.de'],
    mx: ['ionos.de', 'kundenserver.de'],
  },
  { name: 'Strato', description: 'Strato', host: 'smtp.strato.de', port: 465, mx: ['rzone.de', 'strato.de'] },
  { name: 'OVH', description: 'OVHcloud mail', host: 'ssl0.ovh.net', port: 465, mx: ['ovh.net'] },
  {
    name: 'Hostinger',
    description: 'Hostinger',
    host: 'smtp.hostinger.com',
    port: 465,
    mx: ['hostinger.com'],
  },
  {
    name: 'PrivateEmail',
    description: 'Namecheap Private Email',
    host: 'mail.privateemail.com',
    port: 465,
    mx: ['privateemail.com'],
  },
  {
    name: 'Rackspace',
    description: 'Rackspace Email',
    host: 'secure.emailsrvr.com',
    port: 465,
    mx: ['emailsrvr.com'],
  },
  { name: 'Zoho', domains: ['zohomail.com', 'zoho.com'] },
  {
    name: 'ZohoPro',
    description: 'Zoho Mail for domains of organizations',
    host: 'smtppro.zoho.com',
    port: 465,
    mx: ['zoho.com'],
  },
  {
    name: 'ZohoPro-EU',
    description: 'Zoho Mail for domains of organizations (Europe)',
    host: 'smtppro.zoho.eu',
    port: 465,
    domains: ['zohomail.eu'],
    mx: ['zoho.eu'],
  },
  { name: 'Godaddy', port: 465, mx: ['secureserver.net'] },
  { name: 'GodaddyAsia', port: 465 },
  { name: 'GodaddyEurope', port: 465 },
  { name: 'GandiMail', mx: ['mail.gandi.net'] },
  { name: 'Infomaniak', mx: ['infomaniak.ch', 'infomaniak.com'] },
  { name: 'Runbox', mx: ['runbox.com'] },
  { name: 'Loopia', mx: ['loopia.se'] },
  { name: 'One', mx: ['one.com'] },
  { name: 'Seznam', mx: ['seznam.cz'] },
  {
    name: 'QQ',
    domains: ['foxmail.com'],
    appPassword: true,
    ownSenderOnly: true,
    hint: 'QQ Mail needs an authorization code, made in its settings where SMTP is switched on',
  },
  { name: 'QQex', mx: ['qq.com'], ownSenderOnly: true },
  {
    name: '163',
    domains: ['163.com'],
    appPassword: true,
    ownSenderOnly: true,
    hint: '163 Mail needs an authorization code, made in its settings where SMTP is switched on',
  },
  { name: '126', domains: ['126.com'], ownSenderOnly: true },
  { name: 'Naver', domains: ['naver.com'] },
  { name: 'hot.ee', domains: ['hot.ee'] },
  { name: 'mail.ee', domains: ['mail.ee'] },
  { name: 'SendGrid', user: 'apikey', hint: 'the password is an API key of SendGrid' },
  { name: 'Resend', user: 'resend', hint: 'the password is an API key of Resend' },
  { name: 'Sparkpost', user: 'SMTP_Injection', hint: 'the password is an API key of SparkPost' },
  { name: 'Postmark', hint: 'user name and password are both the server token of Postmark' },
]

/** Amazon SES has a row for each of its regions in the list. */
export const SES_HINT =
  'Amazon SES needs SMTP credentials, made in its console; access keys are not taken. Name the user with --user'
