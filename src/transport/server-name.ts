/**
 * The name of a server in logs, and for whoever keeps a note about it. Says nothing of who logs in.
 */
import type { SmtpSettings } from '../config/config.ts'

/** `smtp://mail.site.example:587`. */
export function serverName({
  protocol,
  host,
  port,
}: Pick<SmtpSettings, 'protocol' | 'host' | 'port'>): string {
  return `${protocol}://${host}:${port}`
}
