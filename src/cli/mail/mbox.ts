/**
 * Appends one message to a mailbox file in mbox form (mboxrd: whatever could be taken for the start of a message has
 * a `>` before it, and one more than it had). It is there for good, through a power cut, once the promise resolves. Of
 * a message that cannot be written whole nothing stays, unless somebody else wrote to the file meanwhile or may be
 * writing: then the part stays, because what others have in the file is not taken away.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { MessageContent } from '../../message/content.ts'
import { createExclusive, foreignOwner, syncDirectory, syncFile } from '../../util/durable-file.ts'
import { takeDotLock } from './dot-lock.ts'

/** What is kept of a message besides its bytes. */
export interface MboxMessage {
  readonly content: MessageContent
  /** For the line before the message; the empty string for none. */
  readonly sender: string
}

/** How it is written. */
export interface MboxAppend {
  /** What is done, for people, such as `cannot keep a copy in`. */
  readonly action: string
  /** A symbolic link is refused as the last part of the path. For root it always is. */
  readonly noLink: boolean
  /** A lock that somebody else holds: whether the message is written all the same. */
  readonly whenHeld: 'write' | 'refuse'
  /** Milliseconds to wait for the lock. */
  readonly patience: number
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory',
  ENOTDIR: 'no such directory',
  EISDIR: 'it is a directory; name a file',
  ELOOP: 'it is a symbolic link; name the file itself',
  ENXIO: 'it is not a regular file',
  ENAMETOOLONG: 'the path is too long',
  ERR_INVALID_ARG_VALUE: 'the path has a NUL byte',
}

function mboxError(error: unknown, action: string, path: string): MailError {
  const why = WORDS[errnoOf(error) ?? '']
  if (why === undefined) return queueError(error, action, path)
  return new MailError('QUEUE_IO', `${action} ${path}: ${why}`, { cause: error, details: { path } })
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** The line before a message, with the time as ctime(3) writes it. */
export function fromLine(sender: string, ms: number): string {
  const at = new Date(ms)
  const [weekday = '', month = ''] = at.toDateString().split(' ')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
  const who = sender === '' ? 'MAILER-DAEMON' : sender.replace(/[\s\p{Cc}]/gu, '-')
  return `From ${who} ${weekday} ${month} ${String(at.getDate()).padStart(2)} ${time} ${String(at.getFullYear())}\n`
}

/**
 * Text in pieces as the file has it: LF line ends, and quoted. Lines may be of any length, so none is held; it makes no
 * difference where among the `>` before a `From ` one more is put.
 */
class QuotedLines {
  /** What may turn out to be a line end, or `From `. */
  #held = ''
  /** Nothing but `>` was given of the present line. */
  #fresh = true

  take(piece: string): string {
    const all = this.#held + piece
    this.#held = /(?:\r|Fr?o?m?)$/.exec(all.slice(-4))?.[0] ?? ''
    const text = all.slice(0, all.length - this.#held.length).replaceAll('\r\n', '\n')
    const quoted = text.replace(this.#fresh ? /(^|\n)(>*From )/g : /(\n)(>*From )/g, '$1>$2')
    const start = text.lastIndexOf('\n') + 1
    this.#fresh = (start > 0 || this.#fresh) && /^>*$/.test(text.slice(start))
    return quoted
  }

  /** The rest of the last line. */
  end(): string {
    return this.#held
  }
}

/** The message as the file has it, in pieces: LF line ends, quoted, a blank line at the end. */
async function* mboxText({ content, sender }: MboxMessage): AsyncGenerator<Buffer> {
  yield Buffer.from(fromLine(sender, Date.now()))
  const lines = new QuotedLines()
  let last = '\n'
  for await (const chunk of content.stream()) {
    const text = lines.take((chunk as Buffer).toString('latin1'))
    if (text === '') continue
    last = text.slice(-1)
    yield Buffer.from(text, 'latin1')
  }
  const rest = lines.end()
  yield Buffer.from(rest === '' && last === '\n' ? '\n' : `${rest}\n\n`, 'latin1')
}

/** What is wrong with an opened file, if anything. */
function objection(stats: Stats, path: string): string | undefined {
  if (!stats.isFile()) return 'it is not a regular file'
  const user = process.geteuid?.()
  const owners = [user, 0, foreignOwner(dirname(path))?.uid]
  if (!owners.includes(stats.uid)) return 'it belongs to another user'
  return user === 0 && stats.nlink > 1 ? 'it has a second name (a hard link)' : undefined
}

function openMailbox(path: string, noLink: boolean): { readonly fd: number; readonly created: boolean } {
  const link = noLink || process.geteuid?.() === 0 ? constants.O_NOFOLLOW : 0
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY | link
  try {
    return { fd: openSync(path, flags), created: false }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  try {
    closeSync(createExclusive(path))
  } catch (error) {
    // Another process made it in between, or it is a link to nothing: opening it tells.
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  return { fd: openSync(path, flags), created: true }
}

/** What has to stand between the end of the file and a new message. */
function gap(fd: number, size: number): string {
  const end = Buffer.alloc(2)
  const count = readSync(fd, end, 0, 2, Math.max(0, size - 2))
  const text = end.toString('latin1', 0, count)
  if (text === '' || text === '\n\n') return ''
  return text.endsWith('\n') ? '\n' : '\n\n'
}

/** Makes a file as short as it was, if it is exactly as long as our own writing made it. Never throws. */
function takeBack(fd: number, before: number, written: number): void {
  try {
    if (fstatSync(fd).size === before + written) ftruncateSync(fd, before)
  } catch {
    // The part stays. Why the message could not be written is what counts, and that is told.
  }
}

/** Writes a message behind what is there, and takes a part of one away again where nobody else is writing. */
async function write(fd: number, message: MboxMessage, alone: boolean): Promise<void> {
  const { size } = fstatSync(fd)
  const pending: Uint8Array[] = [Buffer.from(gap(fd, size))]
  let written = 0
  const flush = (): void => {
    const bytes = Buffer.concat(pending.splice(0))
    for (let at = 0; at < bytes.length;) {
      const count = writeSync(fd, bytes, at)
      at += count
      written += count
    }
  }
  try {
    for await (const piece of mboxText(message)) {
      pending.push(piece)
      // A message in memory is one write, where the system takes it whole: then no other program's message gets into
      // it, lock or not.
      if (message.content.bytes === undefined) flush()
    }
    flush()
    await syncFile(fd)
  } catch (error) {
    if (alone) takeBack(fd, size, written)
    throw error
  }
}

/**
 * Appends a message. A file that is not there is created, mode 0600.
 *
 * @param path absolute
 * @param message is not closed
 * @param how see {@link MboxAppend}
 * @throws MailError of the queue, with one sentence
 */
export async function appendMbox(path: string, message: MboxMessage, how: MboxAppend): Promise<void> {
  if (path === '/dev/null') return
  const lock = await takeDotLock(path, how.patience)
  let fd: number | undefined
  try {
    if (lock.kind === 'held' && how.whenHeld === 'refuse') {
      const remedy = `remove ${path}.lock if no program has it open`
      throw new MailError('QUEUE_BUSY', `${how.action} ${path}: it is locked; ${remedy}`)
    }
    const opened = openMailbox(path, how.noLink)
    fd = opened.fd
    const wrong = objection(fstatSync(fd), path)
    if (wrong !== undefined) throw new MailError('QUEUE_DENIED', `${how.action} ${path}: ${wrong}`)
    await write(fd, message, lock.kind === 'taken')
    if (opened.created) await syncDirectory(dirname(path))
  } catch (error) {
    throw mboxError(error, how.action, path)
  } finally {
    if (fd !== undefined) closeSync(fd)
    if (lock.kind === 'taken') lock.release()
  }
}
