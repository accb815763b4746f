/**
 * How the connection is protected.
 */
import { FINGERPRINTS } from '../kinds/fingerprint.ts'
import { HOST, PATH } from '../kinds/text.ts'
import { choice, YES_NO } from '../kinds/value.ts'
import { defaulted, NONE, optional } from './option.ts'

/** Says something about one server only. */
const BOUND = { boundToServer: true } as const

/** The options by name. */
export const TLS_OPTIONS = {
  tls: optional(
    'tls',
    choice('off', 'may', 'require', 'verify', 'pin'),
    'Whether TLS is used, demanded and verified.',
    {
      defaultNote: 'pin with tls_fingerprint, verify with a user name, tls_ca, tls_cert or srv, else may',
    },
  ),
  tls_implicit: optional(
    'tls_implicit',
    YES_NO,
    'Whether TLS is spoken from the first byte, not after STARTTLS.',
    {
      defaultNote: 'yes with smtp_port = 465, else no; with srv as the domain says',
    },
  ),
  tls_ca: optional(
    'tls_ca',
    PATH,
    'File with the certificates (PEM) to trust instead of those of the system.',
  ),
  tls_fingerprint: defaulted(
    'tls_fingerprint',
    FINGERPRINTS,
    NONE,
    'SHA-256 fingerprints of the certificates to accept, for tls = pin.',
    BOUND,
  ),
  tls_cert: optional('tls_cert', PATH, 'File with the certificate (PEM) of this client.', BOUND),
  tls_key: optional('tls_key', PATH, 'File with the key (PEM) of tls_cert, without a passphrase.', BOUND),
  tls_min_version: defaulted(
    'tls_min_version',
    choice('1.0', '1.1', '1.2', '1.3'),
    '1.2',
    'The oldest version of TLS that is spoken.',
  ),
  tls_name: optional('tls_name', HOST, 'Name that the certificate has to have.', {
    ...BOUND,
    defaultNote: 'the name of the server',
  }),
} as const
