/**
 * The mail domain of this host.
 */
import { readFileSync, statSync } from 'node:fs'
import { hostName } from './host-name.ts'
import { remembered } from './remembered.ts'

const MAILNAME = '/etc/mailname'

/** The domain for addresses without one: the configured one, /etc/mailname, or the host's name. */
export function mailDomain(configured: string | undefined): string {
  if (configured !== undefined) return configured
  return mailname() ?? hostName()
}

const mailname = remembered((): string | undefined => {
  try {
    // Many hosts have none, and a failure takes longer than a look.
    if (statSync(MAILNAME, { throwIfNoEntry: false }) === undefined) return undefined
    const name = readFileSync(MAILNAME, 'utf8').split('\n')[0]?.trim() ?? ''
    return name === '' ? undefined : name
  } catch {
    return undefined
  }
})
