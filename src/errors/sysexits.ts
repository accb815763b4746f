/**
 * The exit codes of sysexits.h, as one table. Every command ends with one of these and nothing else.
 */
export const EX = {
  OK: 0,
  USAGE: 64,
  DATAERR: 65,
  NOINPUT: 66,
  NOUSER: 67,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  OSERR: 71,
  TEMPFAIL: 75,
  NOPERM: 77,
  CONFIG: 78,
} as const

/** One of the numbers in {@link EX}. */
export type ExitCode = (typeof EX)[keyof typeof EX]

/** What each code tells the caller; the man pages carry the same table. */
export const EXIT_MEANING: Readonly<Record<ExitCode, string>> = {
  [EX.OK]: 'every recipient was accepted by the server, or the message is durably queued',
  [EX.USAGE]: 'bad option, missing argument or no recipients',
  [EX.DATAERR]: 'malformed message, unreadable input, or an unusable address among the recipients',
  [EX.NOINPUT]: 'an input file or attachment is missing',
  [EX.NOUSER]: 'a recipient was refused permanently, or an alias has no usable target',
  [EX.UNAVAILABLE]: 'the server refused the message permanently',
  [EX.SOFTWARE]: 'a fault of this program',
  [EX.OSERR]: 'the system lacks something that waiting will not bring',
  [EX.TEMPFAIL]: 'neither sent nor queued, but trying again may help',
  [EX.NOPERM]: 'queue or configuration not permitted',
  [EX.CONFIG]: 'configuration wrong or missing',
}
