/**
 * The mail domain of this host.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** The domain for addresses without one: the configured one, /etc/mailname, or the host's name. */
export function mailDomain(configured: string | undefined): string {
  if (configured !== undefined) return configured
  try {
    const name = readFileSync('/etc/mailname', 'utf8').split('\n')[0]?.trim() ?? ''
    if (name !== '') return name
  } catch {
    // Many hosts have none.
  }
  return hostname()
}
