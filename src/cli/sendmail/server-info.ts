/**
 * `mq-sendmail --serverinfo`: what the smarthost says about itself. Nothing is sent, and nobody logs in.
 */
import type { SmtpSettings } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { serverInfo, type TlsFacts } from '../../transport/server-info.ts'
import { serverName } from '../../transport/server-name.ts'
import { openLog, type Setup } from '../setup.ts'

function tlsLines(tls: TlsFacts | undefined): readonly string[] {
  if (tls === undefined) return ['TLS: none']
  return [
    `TLS: ${tls.protocol}, ${tls.cipher}`,
    `Certificate: ${tls.subject}, issued by ${tls.issuer}`,
    `Valid: ${tls.validFrom} to ${tls.validTo}`,
    `SHA-256: ${tls.fingerprint}`,
    tls.problem === undefined ? 'The certificate is valid.' : `The certificate is not valid: ${tls.problem}`,
  ]
}

/** What the configuration demands of the connection and the server does not give. */
function whatIsMissing(settings: SmtpSettings, tls: TlsFacts | undefined): string | undefined {
  const { host, tls: level, tlsFingerprints } = settings
  if (level === 'off' || level === 'may') return undefined
  if (tls === undefined)
    return `tls = ${level} demands TLS, and ${host} does not offer it; no mail would be sent`
  if (level === 'pin' && !tlsFingerprints.includes(tls.fingerprint))
    return `the certificate of ${host} has none of the fingerprints in tls_fingerprint; no mail would be sent`
  if (level !== 'verify' || tls.problem === undefined) return undefined
  return `tls = verify demands a valid certificate, and that of ${host} is not: ${tls.problem}; set tls_ca`
}

/**
 * Asks the server and prints its answers.
 *
 * @returns 0; 75 when there is no session with it, 69 when it lacks the TLS that the configuration demands
 * @throws MailError CONFIG_MISSING when no server is configured
 */
export async function printServerInfo(setup: Setup, verbose: boolean): Promise<ExitCode> {
  const { config, terminal } = setup
  if (config.deliver.to !== 'smtp')
    throw new MailError(
      'CONFIG_INVALID',
      `deliver = ${config.deliver.to}: no mail goes to a server; remove deliver`,
    )
  if (config.smtp === undefined)
    throw new MailError(
      'CONFIG_MISSING',
      'no smarthost: set smtp_hostname in the configuration, or use --host',
    )
  const info = await serverInfo(config.smtp, await openLog(setup, verbose))
  if ('phase' in info) {
    terminal.complain(info.reason)
    return EX.TEMPFAIL
  }
  const lines = [
    `Server: ${serverName(config.smtp)}`,
    `Greeting: ${info.greeting}`,
    ...tlsLines(info.tls),
    'Extensions:',
    ...info.extensions.map((line) => `  ${line}`),
  ]
  terminal.print(`${lines.join('\n')}\n`)
  const missing = whatIsMissing(config.smtp, info.tls)
  if (missing !== undefined) terminal.complain(missing)
  return missing === undefined ? EX.OK : EX.UNAVAILABLE
}
