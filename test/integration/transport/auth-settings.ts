/** The login settings that tests start from: a password in the configuration, and the best way to log in. */
import type { AuthSettings } from '../../../src/config/config.ts'

/** The defaults, with everything else as given. */
export function authSettings(others: Partial<AuthSettings> = {}): AuthSettings {
  return {
    method: 'auto',
    credentialsOf: ['default'],
    passwordCommand: undefined,
    passwordFile: undefined,
    passwordMissing: undefined,
    oauth2: undefined,
    ...others,
  }
}
