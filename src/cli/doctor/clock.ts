/**
 * The step about the clock of this machine, which decides whether certificates are valid and when mail is tried again. SMTP
 * has no time, so it is held against everything else that has one: files, the validity of the server's certificate, and a
 * greeting with a date in it.
 */
import { existsSync, statSync } from 'node:fs'
import { queueIn } from '../../delivery/configured.ts'
import { readLastRun } from '../../delivery/last-run.ts'
import { EX } from '../../errors/sysexits.ts'
import type { Inspection } from '../../transport/inspection.ts'
import type { Finding, Patient } from './step.ts'

/** Two clocks that are so near each other agree, in milliseconds. */
const TOLERANCE = 5 * 60_000
/** A date in a greeting (RFC 5322 section 3.3). */
const DATE = /\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d [+-]\d{4}/

const iso = (time: number): string => new Date(time).toISOString()

function fileTime(path: string | undefined): number | undefined {
  try {
    return path === undefined ? undefined : statSync(path).mtimeMs
  } catch {
    return undefined
  }
}

function doubtsOfServer({ info }: Inspection, now: number): string[] {
  const { greeting = '', tls } = info ?? {}
  const greeted = Date.parse(DATE.exec(greeting)?.[0] ?? '')
  const validFrom = Date.parse(tls?.validFrom ?? '')
  return [
    ...(Math.abs(greeted - now) > TOLERANCE ? [`the server greets with the time ${iso(greeted)}`] : []),
    ...(validFrom > now ? [`the certificate of the server is valid from ${iso(validFrom)} on`] : []),
  ]
}

async function doubtsOfFiles({ source, queueDir }: Patient['config'], now: number): Promise<string[]> {
  const hasQueue = queueDir !== undefined && existsSync(queueDir)
  const run = hasQueue ? await readLastRun(await queueIn(queueDir)) : undefined
  const times: readonly (readonly [string, number | undefined])[] = [
    ['the configuration was changed', fileTime(source)],
    ['the last run of the queue ended', run?.time],
  ]
  return times.flatMap(([what, time]) =>
    time !== undefined && time - now > TOLERANCE ? [`${what} at ${iso(time)}`] : [],
  )
}

/** Nothing contradicts the clock. */
export async function lookAtClock(patient: Patient): Promise<Finding> {
  const { config, now } = patient
  const seen = await patient.inspected()
  const doubts = [
    ...(seen === undefined ? [] : doubtsOfServer(seen, now)),
    ...(await doubtsOfFiles(config, now)),
  ]
  if (doubts.length === 0) return { state: 'ok', says: iso(now), facts: { time: iso(now) } }
  return {
    state: 'failed',
    what: 'the clock of this machine may be wrong',
    why: `here it is ${iso(now)}, but ${doubts.join(' and ')}`,
    remedy: 'set the clock, for example with timedatectl set-ntp true',
    exit: EX.CONFIG,
    facts: { time: iso(now) },
  }
}
