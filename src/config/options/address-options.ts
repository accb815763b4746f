/**
 * Senders, recipients and what names stand for.
 */
import { CHARSET, DOMAIN_NAME, DOMAINS, PATH, SENDER } from '../kinds/text.ts'
import { choice, YES_NO } from '../kinds/value.ts'
import { defaulted, NONE, optional, SITE } from './option.ts'

/** The options by name. */
export const ADDRESS_OPTIONS = {
  from: optional('from', SENDER, 'Sender when none is given; %U is the user, %H the host, %F the full name.'),
  aliases: defaulted('aliases', PATH, '/etc/aliases', 'The aliases file.', SITE),
  local_domains: defaulted(
    'local_domains',
    DOMAINS,
    NONE,
    'Domains whose recipients are looked up in the aliases.',
    SITE,
  ),
  default_alias: defaulted(
    'default_alias',
    YES_NO,
    false,
    'Whether the alias default, or *, catches local recipients that have no alias.',
    SITE,
  ),
  user_forward: defaulted(
    'user_forward',
    YES_NO,
    false,
    'Whether users of this machine can have their mail forwarded with ~/.forward.',
    SITE,
  ),
  recipient_delimiter: optional(
    'recipient_delimiter',
    choice('+', '-', '=', '_'),
    'What separates a local name from a tag, so that ann+news finds ann.',
    { defaultNote: 'none', ...SITE },
  ),
  mail_dialect: defaulted(
    'mail_dialect',
    choice('auto', 'bsd', 's-nail', 'mailutils'),
    'auto',
    'Which mail program mq-mail is where they differ; auto goes by the words.',
    SITE,
  ),
  fallback_charset: defaulted(
    'fallback_charset',
    CHARSET,
    'iso-8859-1',
    'Charset of text for mq-mail that is neither ASCII nor UTF-8.',
    SITE,
  ),
  qualify_domain: optional('qualify_domain', DOMAIN_NAME, 'Domain for addresses that have none.', {
    defaultNote: 'the mail name of this host',
    ...SITE,
  }),
} as const
