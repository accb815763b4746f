/**
 * Certificates for tests, made by openssl when they are asked for first: an authority of our own, servers it has signed
 * (also one whose certificate has expired, and one for another name), one that has signed itself, and a client.
 */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One pair: the files, what they hold, and the fingerprint as tools show it. */
export interface TestPair {
  readonly keyFile: string
  readonly certFile: string
  readonly key: string
  readonly cert: string
  readonly fingerprint: string
}

/** All of them, for the name `localhost` unless their name says otherwise. */
export interface TestCertificates {
  readonly directory: string
  readonly ca: TestPair
  readonly server: TestPair
  readonly expired: TestPair
  /** Valid from the year 2099 on. */
  readonly early: TestPair
  readonly otherName: TestPair
  readonly selfSigned: TestPair
  readonly client: TestPair
  /** The key of `client` with a passphrase. */
  readonly encryptedKeyFile: string
  /** Removes the files. */
  remove(): Promise<void>
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' })

function pairIn(directory: string, name: string): TestPair {
  const [keyFile, certFile] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)]
  const cert = readFileSync(certFile, 'utf8')
  const fingerprint = new X509Certificate(cert).fingerprint256
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert, fingerprint }
}

/** A certificate that is valid from the year 2099 on, which only `openssl ca` can make. */
function signEarly(directory: string, ca: TestPair, request: string, out: string): void {
  const config = join(directory, 'ca.conf')
  const database = join(directory, 'ca.index')
  writeFileSync(database, '')
  const lines = ['[ca]', 'default_ca = a', '[a]', `database = ${database}`, `new_certs_dir = ${directory}`]
  const more = ['default_md = sha256', 'policy = p', 'copy_extensions = copy', 'rand_serial = yes']
  writeFileSync(config, [...lines, ...more, '[p]', 'commonName = supplied', ''].join('\n'))
  const validity = ['-startdate', '20990101000000Z', '-enddate', '20991231000000Z']
  const signer = ['-cert', ca.certFile, '-keyfile', ca.keyFile]
  openssl('ca', '-batch', '-notext', '-config', config, ...signer, ...validity, '-in', request, '-out', out)
}

/** Makes all of them; takes about half a second. */
export function makeCertificates(): TestCertificates {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-certificates-'))
  const file = (name: string): string => join(directory, name)
  const names = (host: string): string[] => ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  const selfSigned = (name: string, ...about: readonly string[]): TestPair => {
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-days',
      '2',
      ...about,
    )
    return pairIn(directory, name)
  }
  const ca = selfSigned('ca', '-subj', '/CN=authority')
  const signed = (name: string, host: string, days = 2): TestPair => {
    openssl(
      'req',
      '-new',
      ...KEY,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.req`),
      ...names(host),
    )
    openssl(
      ...[
        'x509',
        '-req',
        '-in',
        file(`${name}.req`),
        '-CA',
        ca.certFile,
        '-CAkey',
        ca.keyFile,
        '-CAcreateserial',
      ],
      ...['-days', String(days), '-copy_extensions', 'copy', '-out', file(`${name}.pem`)],
    )
    return pairIn(directory, name)
  }
  const client = signed('client', 'client.example')
  signed('early', 'localhost')
  signEarly(directory, ca, file('early.req'), file('early.pem'))
  const encryptedKeyFile = file('encrypted.key')
  openssl('pkey', '-in', client.keyFile, '-aes256', '-passout', 'pass:secret', '-out', encryptedKeyFile)
  return {
    directory,
    ca,
    server: signed('server', 'localhost'),
    expired: signed('expired', 'localhost', -1),
    early: pairIn(directory, 'early'),
    otherName: signed('other-name', 'other.example'),
    selfSigned: selfSigned('self-signed', ...names('localhost')),
    client,
    encryptedKeyFile,
    remove: () => rm(directory, { recursive: true }),
  }
}
