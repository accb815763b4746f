/**
 * The commands of mq-queue that decide about whole messages, as a table.
 */
import type { ExitCode } from '../../errors/sysexits.ts'
import type { Place } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { addChangingCommand, type ChangingCommand } from './changing.ts'

const WAITING: readonly Place[] = ['new', 'cur', 'hold']
const EVERYWHERE: readonly Place[] = [...WAITING, 'failed']

const CHANGES: readonly ChangingCommand[] = [
  {
    action: 'hold',
    doc: 'do not try messages until they are released',
    done: 'held',
    places: ['new', 'cur'],
    options: [{ flags: '--reason <text>', doc: 'why, for whoever looks at the queue' }],
    change: ({ reason }) => ({ action: 'hold', why: typeof reason === 'string' ? reason : undefined }),
  },
  {
    action: 'release',
    doc: 'make held messages due at once',
    done: 'released',
    places: ['hold'],
    change: () => ({ action: 'release' }),
  },
  {
    action: 'retry',
    doc: 'make messages due at once, also failed and held ones',
    done: 'made due',
    places: EVERYWHERE,
    change: () => ({ action: 'retry' }),
  },
  {
    action: 'requeue',
    doc: 'as retry; age, attempts and priority begin anew',
    done: 'queued anew',
    places: EVERYWHERE,
    change: () => ({ action: 'requeue' }),
  },
  {
    action: 'delete',
    doc: 'remove messages for good; nobody is told',
    done: 'deleted',
    places: EVERYWHERE,
    change: () => ({ action: 'delete' }),
  },
  {
    action: 'expire',
    doc: 'give messages up as if they were too old',
    done: 'given up',
    places: WAITING,
    change: () => ({ action: 'expire' }),
  },
  {
    action: 'bounce',
    doc: 'give messages up and tell their senders in any case',
    done: 'returned to their senders',
    places: EVERYWHERE,
    change: () => ({ action: 'bounce' }),
  },
]

/** Adds hold, release, retry, requeue, delete, expire and bounce to mq-queue. */
export function addChangeCommands(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  for (const command of CHANGES) addChangingCommand(parent, terminal, done, command)
}
