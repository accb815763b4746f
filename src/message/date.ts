/**
 * The time as the Date field carries it (RFC 5322 section 3.3), in the zone of this machine.
 */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const twoDigits = (value: number) => String(value).padStart(2, '0')

/**
 * Writes a time as in `Sat, 21 Nov 2026 20:28:27 +0100`.
 *
 * @param ms milliseconds since the epoch
 */
export function formatDate(ms: number): string {
  const at = new Date(ms)
  const east = -at.getTimezoneOffset()
  const offset = Math.abs(east)
  const zone =
    (east < 0 ? '-' : '+') + twoDigits(Math.floor(offset / 60)) + twoDigits(Math.floor(offset % 60))
  const day = `${DAYS[at.getDay()] ?? ''}, ${twoDigits(at.getDate())} ${MONTHS[at.getMonth()] ?? ''}`
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
  return `${day} ${String(at.getFullYear()).padStart(4, '0')} ${time} ${zone}`
}
