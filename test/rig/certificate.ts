/** A certificate that nobody trusts, for the server of the rig; made once for each test file. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let made: { readonly key: string; readonly cert: string } | undefined

function make(): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-certificate-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const args = [
      'req',
      '-x509',
      ...curve,
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ]
    execFileSync('openssl', args, { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Key and certificate, PEM. */
export function certificate(): { readonly key: string; readonly cert: string } {
  made ??= make()
  return made
}
