/**
 * mq-queue check: a probe for Nagios and whoever speaks its language. One line on standard output, and 0, 1, 2 or 3;
 * whatever keeps it from looking is 3, never a code of sysexits.h.
 */
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { PROBE } from '../../errors/probe-status.ts'
import { systemClock } from '../../util/clock.ts'
import { AllDone } from '../all-done.ts'
import { readDuration, readSpace } from './quantity.ts'
import { sightQueue, type QueueContext } from './context.ts'
import { judgeQueue, probeLine, type Limits, type Thresholds, type Verdict } from './health.ts'
import { addFilters, readCount, selectorNow, type FilterOptions } from './selection.ts'
import { surveyQueue } from './survey.ts'

interface CheckOptions extends FilterOptions {
  readonly warnAge: string
  readonly critAge: string
  readonly warnCount: string
  readonly critCount: string
  readonly warnRun: string
  readonly critRun: string
  readonly minFree: string
}

/** Options of the thresholds: what they are called, what they say, and their usual values. */
export const LIMITS = [
  ['--warn-age <duration>', 'warn when a message waits for so long', '4h'],
  ['--crit-age <duration>', 'critical when a message waits for so long', '1d'],
  ['--warn-count <n>', 'warn when so many messages wait', '1000'],
  ['--crit-count <n>', 'critical when so many messages wait', '10000'],
  ['--warn-run <duration>', 'warn when the last run was so long ago', '30m'],
  ['--crit-run <duration>', 'critical when the last run was so long ago', '2h'],
  [
    '--min-free <space>',
    'critical when less space is free: a size such as 500M, or a part such as 5%',
    '100M',
  ],
] as const

function inOrder(what: string, limits: Limits): Limits {
  if (limits.warn <= limits.crit) return limits
  throw new MailError('USAGE', `--warn-${what} is more than --crit-${what}; exchange them`)
}

function readThresholds(options: CheckOptions): Thresholds {
  return {
    age: inOrder('age', {
      warn: readDuration('--warn-age', options.warnAge),
      crit: readDuration('--crit-age', options.critAge),
    }),
    count: inOrder('count', {
      warn: readCount('--warn-count', options.warnCount),
      crit: readCount('--crit-count', options.critCount),
    }),
    run: inOrder('run', {
      warn: readDuration('--warn-run', options.warnRun),
      crit: readDuration('--crit-run', options.critRun),
    }),
    minFree: readSpace('--min-free', options.minFree),
  }
}

async function check(context: QueueContext, options: CheckOptions): Promise<Verdict> {
  try {
    const thresholds = readThresholds(options)
    const selects = selectorNow(options)
    const survey = await surveyQueue(await sightQueue(context), selects, systemClock.now())
    return judgeQueue(survey, thresholds)
  } catch (error) {
    return { state: 'UNKNOWN', line: probeLine('UNKNOWN', describeError(error)) }
  }
}

/** Adds the command. */
export function addCheck(context: QueueContext): void {
  const { parent, terminal, done } = context
  const tell = ({ state, line }: Verdict): void => {
    terminal.print(`${line}\n`)
    done(PROBE[state])
  }
  const command = parent
    .command('check')
    .description('say in one line whether the queue is well, for monitoring programs')
    .exitOverride((error) => {
      // A monitoring program reads a wrong call as it reads everything else.
      if (error.exitCode === 0) throw error
      const words = error.message.replace(/^error: /, '')
      tell({ state: 'UNKNOWN', line: probeLine('UNKNOWN', `${words}; see --help`) })
      throw new AllDone(PROBE.UNKNOWN)
    })
    .action(async (options: CheckOptions) => {
      tell(await check(context, options))
    })
  for (const [flags, doc, usual] of LIMITS) command.option(flags, doc, usual)
  addFilters(command)
}
