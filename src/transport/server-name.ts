/**
 * The name of a server in logs, and for whoever keeps a note about it. Says nothing of who logs in.
 */
import type { SmtpSettings } from '../config/config.ts'

/** `smtp://mail.site.example:587`, `lmtp:///run/lmtp`, or `smtp+srv://site.example`. */
export function serverName({
  protocol,
  host,
  port,
  socket,
  srv,
}: Pick<SmtpSettings, 'protocol' | 'host' | 'port' | 'socket' | 'srv'>): string {
  if (socket !== undefined) return `${protocol}://${socket}`
  return srv === undefined ? `${protocol}://${host}:${port}` : `${protocol}+srv://${host}`
}
