/**
 * `mq-queue export`: the chosen messages with their journals as a queue of their own, which mq-run and mq-queue can
 * work on. With --move they leave this queue, and at no moment are they waiting in both:
 *
 * The process dies                       here it is                  there it is
 * before the copy is complete            as it was, after a run      an invisible file at most
 * after that, before the copy counts     held; the reason says why   an invisible file
 * after that, before it is removed here  held; the reason says why   a message
 */
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { prepareCopy, type PreparedCopy } from '../../queue/copy-message.ts'
import { ensureLayout, requireQueue } from '../../queue/layout.ts'
import type { Claim, Place, QueueEntry, QueuedMessage, QueueStore, Runner } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { inWords, refusal } from './changing.ts'
import { addChoice, chosen, readChoice, type Choice } from './choice.ts'
import { namedPath } from '../named-path.ts'
import { namedQueue, type NamedQueue } from './named.ts'
import type { FilterOptions } from './selection.ts'

const EVERYWHERE: readonly Place[] = ['new', 'cur', 'hold', 'failed']

interface Export {
  readonly named: NamedQueue
  readonly choice: Choice
  /** Absolute path. */
  readonly target: string
  /** Makes the queue there, the first time; a call that finds no message makes none. */
  readonly makeTarget: () => Promise<void>
  readonly move: boolean
  readonly dryRun: boolean
}

/** The names in a directory; none when it does not exist. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    if (errnoOf(error) === 'ENOTDIR') throw new MailError('USAGE', `${path} is not a directory`)
    throw queueError(error, 'cannot read the directory', path)
  }
}

/** The real path of something that may not exist yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path === dirname(path) ? path : join(realPath(dirname(path)), basename(path))
  }
}

function checkTarget(target: string, { queueDir }: NamedQueue): void {
  const [to, queue] = [realPath(target), realPath(queueDir)]
  if (to === queue || to.startsWith(queue + sep)) {
    throw new MailError('USAGE', `${target} is in the queue itself; name a directory elsewhere`)
  }
  if (namesIn(target).length > 0) {
    throw new MailError('USAGE', `${target} is not empty; name a directory that does not exist yet`)
  }
  if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
    const parent = dirname(target)
    if (existsSync(parent)) return
    throw new MailError('USAGE', `${target} cannot be made: ${parent} does not exist; create it first`)
  }
  if (existsSync(target)) return
  throw new MailError('USAGE', `${target} is a symbolic link to nowhere; name a directory`)
}

/** The other queue cannot be made: no message can go there. */
class NoTarget extends MailError {}

function makerOf(target: string): () => Promise<void> {
  let made: Promise<void> | undefined
  const make = async (): Promise<void> => {
    try {
      await ensureLayout(target)
    } catch (error) {
      if (!(error instanceof MailError)) throw error
      throw new NoTarget(error.code, error.publicMessage, { cause: error })
    }
  }
  return () => (made ??= make())
}

const placeThere = ({ place }: QueueEntry) => (place === 'cur' ? 'new' : place)

async function described(store: QueueStore, entry: QueueEntry): Promise<QueuedMessage> {
  const message = await store.describe(entry)
  if (message !== undefined) return message
  throw new MailError(
    'INPUT_MISSING',
    `${entry.id} was delivered at this moment, or ${entry.key} is no message`,
  )
}

async function copy({ named, target, makeTarget }: Export, entry: QueueEntry): Promise<void> {
  const { store, queueDir } = named
  await described(store, entry)
  await makeTarget()
  const source = { queueDir, place: entry.place, key: entry.key }
  await (await prepareCopy(source, target, placeThere(entry))).commit()
}

/** From here on the message is not tried here, whatever happens. */
async function holdHere({ named, target }: Export, claim: Claim, copied: PreparedCopy): Promise<void> {
  const by = named.setup.caller.user
  try {
    await claim.note({ event: 'hold', by, why: `moved to ${target}; release it only if it is not there` })
  } catch (error) {
    await copied.discard()
    await claim.finish({ action: 'wait', at: claim.message.nextAttempt }).catch(() => undefined)
    throw error
  }
}

async function moveClaimed(work: Export, claim: Claim, entry: QueueEntry): Promise<void> {
  const { message } = claim
  const source = { queueDir: work.named.queueDir, place: 'cur' as const, key: message.key }
  let copied: PreparedCopy
  try {
    await work.makeTarget()
    copied = await prepareCopy(source, work.target, placeThere(entry))
  } catch (error) {
    await claim.release()
    throw error
  }
  await holdHere(work, claim, copied)
  try {
    await copied.commit()
  } catch (error) {
    await claim.finish({ action: 'retry', at: message.nextAttempt })
    throw error
  }
  await claim.finish({ action: 'discard' })
}

async function move(work: Export, runner: Runner, entry: QueueEntry): Promise<void> {
  const taken = await runner.take(entry)
  if (taken.kind !== 'claimed') throw refusal(entry.id, taken)
  await moveClaimed(work, taken.claim, entry)
}

async function pretend({ named }: Export, entry: QueueEntry): Promise<void> {
  const message = await described(named.store, entry)
  named.setup.terminal.print(`${inWords(message)} would be exported\n`)
}

async function exportAll(work: Export, deal: (entry: QueueEntry) => Promise<void>): Promise<ExitCode> {
  const { named, choice, dryRun } = work
  let [count, exitCode]: [number, ExitCode] = [0, EX.OK]
  for await (const one of chosen(named.store, choice, EVERYWHERE, Date.now())) {
    try {
      if ('problem' in one) throw one.problem
      await deal(one.entry)
      count += 1
    } catch (error) {
      if (!(error instanceof MailError) || error instanceof NoTarget) throw error
      named.setup.terminal.complain(error.publicMessage)
      exitCode = error.exitCode
    }
  }
  named.setup.terminal.complain(
    `${count} message${count === 1 ? '' : 's'} ${dryRun ? 'would be ' : ''}exported`,
  )
  return exitCode
}

async function run(work: Export): Promise<ExitCode> {
  if (work.dryRun) return exportAll(work, (entry) => pretend(work, entry))
  if (!work.move) return exportAll(work, (entry) => copy(work, entry))
  const runner = await work.named.store.openRunner('admin')
  try {
    return await exportAll(work, (entry) => move(work, runner, entry))
  } finally {
    await runner.close()
  }
}

/** Adds export to mq-queue. */
export function addExportCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  const command = parent
    .command('export')
    .description('copy messages with their history into a queue directory of their own')
    .argument('<directory>', 'the new queue directory; it must not exist, or be empty')
  addChoice(command)
    .option('--move', 'remove them from this queue')
    .option('--dry-run', 'only print what would be done')
    .action(
      async (
        operand: string,
        operands: string[],
        options: FilterOptions & { move?: true; dryRun?: true },
      ) => {
        const choice = await readChoice(operands, options)
        const named = await namedQueue(parent, terminal)
        const target = namedPath(operand, 'directory')
        checkTarget(target, named)
        requireQueue(named.queueDir)
        done(
          await run({
            named,
            choice,
            target,
            makeTarget: makerOf(target),
            move: options.move === true,
            dryRun: options.dryRun === true,
          }),
        )
      },
    )
}
