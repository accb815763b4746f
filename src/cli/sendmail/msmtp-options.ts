/**
 * The options of mq-sendmail that have long names: those of msmtp and mailqueue-runner, and our own. What they set
 * holds for one call. An option of msmtp whose work is not done here is in no row and so is an error.
 */
import type { SendmailOption } from './option.ts'

const YES_NO = { on: 'yes', off: 'no' }

/** The rows. */
export const MSMTP_OPTIONS: readonly SendmailOption[] = [
  {
    letter: 'a',
    long: 'account',
    takes: 'required',
    effect: 'account',
    doc: 'account of the configuration, instead of the one that fits',
  },
  {
    long: 'aliases',
    takes: 'required',
    effect: 'aliases',
    doc: 'aliases file instead of the configured one',
  },
  {
    long: 'read-envelope-from',
    takes: 'none',
    effect: 'read-envelope-from',
    doc: 'take the envelope sender from the From header',
  },
  {
    long: 'host',
    takes: 'required',
    effect: 'host',
    doc: 'send to this server; without --config no configuration is read, and there is no queue',
  },
  {
    long: 'port',
    takes: 'required',
    effect: 'setting',
    doc: 'port of the server',
    setting: { key: 'smtp_port' },
  },
  {
    long: 'protocol',
    takes: 'required',
    effect: 'setting',
    doc: 'smtp or lmtp',
    setting: { key: 'protocol' },
  },
  {
    long: 'domain',
    takes: 'required',
    effect: 'setting',
    doc: 'name given with EHLO',
    setting: { key: 'helo' },
  },
  {
    long: 'timeout',
    also: ['connect-timeout'],
    takes: 'required',
    effect: 'setting',
    doc: 'seconds for each step before the body; off for no such limit',
    setting: { key: 'smtp_timeout', words: { off: '' } },
  },
  { long: 'tls', takes: 'attached', effect: 'tls', doc: 'on: TLS with a valid certificate; off: none' },
  {
    long: 'tls-starttls',
    takes: 'attached',
    effect: 'starttls',
    doc: 'off: TLS from the first byte, on port 465',
  },
  {
    long: 'tls-certcheck',
    takes: 'attached',
    effect: 'certificate-check',
    doc: 'off: any certificate will do for --tls',
  },
  {
    long: 'tls-trust-file',
    takes: 'required',
    effect: 'setting',
    doc: 'certificates to trust; system: those of the system',
    setting: { key: 'tls_ca', words: { system: '' } },
  },
  {
    long: 'set-from-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'auto: add a missing From; on: replace it; off: leave it out',
    setting: { key: 'set_from_header', bare: 'auto' },
  },
  {
    long: 'add-missing-from-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'on: as --set-from-header=auto; off: as --set-from-header=off',
    setting: { key: 'set_from_header', bare: 'auto', words: { on: 'auto' } },
  },
  {
    long: 'set-date-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'auto: add a missing Date; off: leave it out',
    setting: { key: 'set_date_header', bare: 'auto' },
  },
  {
    long: 'add-missing-date-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'on: as --set-date-header=auto; off: as --set-date-header=off',
    setting: { key: 'set_date_header', bare: 'auto', words: { on: 'auto' } },
  },
  {
    long: 'set-msgid-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'auto: add a missing Message-ID; off: leave it out',
    setting: { key: 'set_msgid_header', bare: 'auto' },
  },
  {
    long: 'set-to-header',
    takes: 'attached',
    effect: 'setting',
    doc: 'auto: add a missing To; on: name the recipients of the envelope instead of To and Cc; off',
    setting: { key: 'set_to_header', bare: 'auto' },
  },
  {
    long: 'undisclosed-recipients',
    takes: 'attached',
    effect: 'setting',
    doc: 'on: write "undisclosed-recipients:;" instead of To and Cc',
    setting: {
      key: 'set_to_header',
      bare: 'undisclosed_recipients',
      words: { on: 'undisclosed_recipients' },
    },
  },
  {
    long: 'remove-bcc-headers',
    takes: 'attached',
    effect: 'setting',
    doc: 'off: leave Bcc in the message',
    setting: { key: 'remove_bcc_headers', bare: 'yes', words: YES_NO },
  },
  {
    letter: 'P',
    long: 'pretend',
    also: ['print-config'],
    takes: 'none',
    effect: 'pretend',
    doc: 'print the configuration without secrets and send nothing',
  },
  {
    letter: 'S',
    long: 'serverinfo',
    takes: 'none',
    effect: 'server-info',
    doc: 'print what the server says about itself and send nothing',
  },
  { long: 'json', takes: 'none', effect: 'json', doc: 'with -bp: one JSON object a line' },
  { long: 'help', takes: 'none', effect: 'help', doc: 'print this text' },
  { long: 'version', takes: 'none', effect: 'version', doc: 'print the version' },
]
