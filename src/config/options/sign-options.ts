/**
 * The signature of the messages that are sent.
 */
import { DOMAIN_NAME, PATH, SELECTOR } from '../kinds/text.ts'
import { optional } from './option.ts'

/** The options by name. */
export const SIGN_OPTIONS = {
  dkim_domain: optional('dkim_domain', DOMAIN_NAME, 'Domain whose mail is signed with DKIM.'),
  dkim_selector: optional('dkim_selector', SELECTOR, 'Name of the DKIM key in the DNS.'),
  dkim_key: optional('dkim_key', PATH, 'File with the private DKIM key (PEM): RSA or Ed25519.'),
} as const
