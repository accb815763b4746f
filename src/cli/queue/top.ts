/**
 * mq-queue top: the counts of stats on a screen that is drawn anew every few seconds. Without a terminal the counts
 * are printed once, or as often as --count says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MailError } from '../../errors/mail-error.ts'
import { systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import { readDuration } from './quantity.ts'
import { sightQueue, type QueueContext } from './context.ts'
import { addFilters, readCount, selectorNow, type FilterOptions } from './selection.ts'
import { statsText, USUAL_DOMAINS } from './stats.ts'
import { surveyQueue, type Survey } from './survey.ts'
import { tellMissing, type WalkLog } from './walk.ts'
import { openScreen, type Screen } from './screen.ts'

interface TopOptions extends FilterOptions {
  readonly interval: string
  readonly count?: string
}

/** Where the counts go. */
type Page = Pick<Screen, 'wait' | 'close'> & { show(text: string): void }

function page(terminal: Terminal): Page {
  if (terminal.shown) {
    const screen = openScreen(terminal)
    return { ...screen, show: (text) => screen.draw(text.trimEnd().split('\n')) }
  }
  return {
    show: (text) => terminal.print(`${text}\n`),
    wait: (ms) => sleep(ms, true),
    close: () => undefined,
  }
}

function textOf(survey: Survey): string {
  const { first, failures } = survey.log
  const missing = first === undefined ? '' : `\nNot readable: ${failures} (${first.publicMessage})\n`
  const time = new Date(survey.now).toISOString().replace(/\.\d+Z$/, 'Z')
  return `${survey.queue}  ${time}\n\n${statsText(survey, USUAL_DOMAINS)}${missing}`
}

interface Pace {
  /** Milliseconds. */
  readonly interval: number
  readonly count: number
}

/** Looks until there is an end to it. @returns how the last look went */
async function watch(view: Page, look: () => Promise<Survey>, { interval, count }: Pace): Promise<WalkLog> {
  try {
    for (let looks = 1; ; looks += 1) {
      const survey = await look()
      view.show(textOf(survey))
      if (looks >= count || !(await view.wait(interval))) return survey.log
    }
  } finally {
    view.close()
  }
}

/** Adds the command. */
export function addTop(context: QueueContext): void {
  const { parent, terminal, done } = context
  const command = parent
    .command('top')
    .description('show the counts of stats again and again, until q is pressed')
    .option('--interval <duration>', 'time between two looks', '2s')
    .option('--count <n>', 'end after so many; 1 when standard output is no terminal')
    .action(async (options: TopOptions) => {
      const interval = readDuration('--interval', options.interval)
      if (interval < 100) throw new MailError('USAGE', `--interval ${options.interval}: write 0.1s or more`)
      const given = options.count === undefined ? undefined : readCount('--count', options.count)
      const count = given ?? (terminal.shown ? Infinity : 1)
      const sight = await sightQueue(context)
      const look = () => surveyQueue(sight, selectorNow(options), systemClock.now())
      done(tellMissing(await watch(page(terminal), look, { interval, count }), terminal))
    })
  addFilters(command)
}
