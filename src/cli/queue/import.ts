/**
 * `mq-queue import`: the mail of another queue into this one, as docs/import.md promises. Each message is durable
 * here before it is removed there. What is not imported stays where it is, and one line says why.
 *
 * The process dies                    the message is
 * before it is durable here           there
 * after that, without --move          there and here, as it was asked for
 * after that, before it is removed    there and here: importing again would store it a second time
 */
import { realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Logger } from '../../logging/logger.ts'
import { splitAddresses } from '../../queue/meta-block.ts'
import type { ForeignMessage } from '../../queue/import/foreign-message.ts'
import type { ForeignFormatName } from '../../queue/import/formats.ts'
import { ensureLayout } from '../../queue/layout.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { namedPath } from '../named-path.ts'
import { namedQueue, type NamedQueue } from './named.ts'
import { openLog } from '../setup.ts'

interface ImportOptions {
  readonly format?: string
  readonly move?: true
  readonly from?: string
  readonly to?: string
  readonly dryRun?: true
}

/** What has been done so far. */
interface Import {
  readonly named: NamedQueue
  readonly options: ImportOptions
  readonly log: Logger
  imported: number
  skipped: number
  exitCode: ExitCode
}

/** The real path; what is not there is found out by whoever reads it. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function refuseItself(path: string, { queueDir }: NamedQueue): void {
  const [from, to] = [realPath(path), realPath(queueDir)]
  if (from !== to && !from.startsWith(to + sep)) return
  throw new MailError('USAGE', `${path} is this queue itself; its messages need not be imported`)
}

async function formatFor(
  path: string,
  { format, to }: ImportOptions,
): Promise<ForeignFormatName | undefined> {
  const { FOREIGN_FORMAT_NAMES } = await import('../../queue/import/formats.ts')
  const known = FOREIGN_FORMAT_NAMES.find((name) => name === format)
  const list = FOREIGN_FORMAT_NAMES.join(', ')
  if (format !== undefined && known === undefined) {
    throw new MailError('USAGE', `--format ${format}: write one of ${list}`)
  }
  if (to !== undefined && known !== 'eml') {
    throw new MailError('USAGE', '--to is only for --format eml; the messages of a queue have recipients')
  }
  if (known !== undefined) return known
  const { detectFormat } = await import('../../queue/import/detect-format.ts')
  const detected = await detectFormat(path)
  if (detected.kind === 'found') return detected.format
  if (detected.kind === 'empty') {
    // A folder may be empty; a file that was named and is never a message was meant to be one.
    if (isFolder(path)) return undefined
    throw new MailError('MESSAGE_MALFORMED', `${path} is not imported: not a regular file, or no message`)
  }
  const fitting = detected.candidates.length === 0 ? '' : ` (it may be ${detected.candidates.join(' or ')})`
  throw new MailError(
    'USAGE',
    `whose queue ${path} is cannot be told for sure${fitting}; name it with --format: ${list}`,
  )
}

function skip(work: Import, source: string, why: string): void {
  work.skipped += 1
  work.exitCode = EX.DATAERR
  work.named.setup.terminal.complain(`${source} is not imported: ${why}`)
}

/** Undefined when the message cannot be stored in any queue. */
async function store(work: Import, message: ForeignMessage): Promise<string | undefined> {
  const { envelope, content, expires, batch, source } = message
  const { queuedAt, attempts, lastAttempt, failed } = message
  const givenUp = failed ? 'it had been given up in the queue that it comes from' : undefined
  try {
    return await work.named.store.enqueue(
      {
        envelope,
        content,
        ...(expires === undefined ? {} : { expires }),
        ...(batch === undefined ? {} : { batch }),
      },
      { past: { queuedAt, attempts, lastAttempt, givenUp } },
    )
  } catch (error) {
    if (!(error instanceof MailError) || error.code.startsWith('QUEUE_') || error.code.startsWith('CONFIG_'))
      throw error
    skip(work, source, error.publicMessage)
    return undefined
  }
}

/** The message is here. That another program has it as well is said, and the others are imported. */
async function removeThere(work: Import, message: ForeignMessage): Promise<void> {
  try {
    await message.remove()
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    if (error.code !== 'QUEUE_BUSY') {
      throw new MailError(error.code, `${error.publicMessage}; ${message.source} stands in both queues now`)
    }
    work.named.setup.terminal.complain(error.publicMessage)
    work.exitCode = EX.TEMPFAIL
  }
}

const envelopeFacts = ({ envelope: { sender, recipients }, content: { size } }: ForeignMessage) => ({
  sender,
  recipients,
  size,
})

async function importMessage(work: Import, message: ForeignMessage): Promise<void> {
  const { terminal } = work.named.setup
  const { source, notes, envelope, content } = message
  try {
    if (work.options.dryRun === true) {
      const sender = envelope.sender === '' ? '<>' : envelope.sender
      terminal.print(
        `${source} from ${sender} to ${envelope.recipients.join(', ')} would be imported` +
          `${message.failed ? ' as failed' : ''}\n`,
      )
    } else {
      const id = await store(work, message)
      if (id === undefined) return
      work.log.info('message.queued', { id, source, ...envelopeFacts(message) })
    }
    work.imported += 1
    for (const note of notes) terminal.complain(`${source}: ${note}`)
    if (work.options.move === true && work.options.dryRun !== true) await removeThere(work, message)
  } finally {
    content.close()
  }
}

function summary({ imported, skipped, named, options }: Import): void {
  const done = options.dryRun === true ? 'would import' : 'imported'
  named.setup.terminal.complain(`${done} ${imported} message${imported === 1 ? '' : 's'}, skipped ${skipped}`)
}

async function importAll(work: Import, path: string, format: ForeignFormatName): Promise<void> {
  const { named, options } = work
  const { readForeign } = await import('../../queue/import/read-foreign.ts')
  if (options.dryRun !== true) await ensureLayout(named.queueDir)
  try {
    const items = readForeign(path, format, {
      spillDirectory: options.dryRun === true ? tmpdir() : join(named.queueDir, 'tmp'),
      domain: mailDomain(named.setup.config.qualifyDomain),
      from: options.from,
      to: options.to === undefined ? undefined : splitAddresses(options.to),
    })
    for await (const item of items) {
      if (item.kind === 'skipped') skip(work, item.source, item.why)
      else await importMessage(work, item)
    }
  } finally {
    // Also when the disk is full half way: what was imported is.
    summary(work)
  }
}

/** Adds import to mq-queue. */
export function addImportCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  parent
    .command('import')
    .description('store the mail of another queue in this one')
    .argument('<path>', 'queue directory, one of its folders, or a file')
    .option('--format <name>', 'whose queue it is, instead of finding out')
    .option('--move', 'remove from the other queue what is stored in this one')
    .option('--from <address>', 'the sender where the other queue does not say')
    .option('--to <addresses>', 'the recipients of messages without an envelope')
    .option('--dry-run', 'only print what would be done')
    .action(async (operand: string, options: ImportOptions) => {
      const named = await namedQueue(parent, terminal)
      const path = namedPath(operand, 'other queue')
      refuseItself(path, named)
      const format = await formatFor(path, options)
      const log = await openLog(named.setup)
      const work: Import = { named, options, log, imported: 0, skipped: 0, exitCode: EX.OK }
      if (format === undefined) summary(work)
      else await importAll(work, path, format)
      done(work.exitCode)
    })
}
