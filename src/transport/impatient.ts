/**
 * The settings of an account for a look at its server that somebody waits for.
 */
import type { SmtpSettings } from '../config/config.ts'

/**
 * No step takes longer than the start of a submission may.
 *
 * @param limit milliseconds
 */
export function impatient(smtp: SmtpSettings, limit: number): SmtpSettings {
  const { connect, banner, command } = smtp.timeouts
  const timeouts = {
    ...smtp.timeouts,
    connect: Math.min(connect, limit),
    banner: Math.min(banner, limit),
    command: Math.min(command, limit),
  }
  return { ...smtp, timeouts }
}
