/**
 * The structured log in syslog, facility mail. Node.js knows no datagram sockets of this machine, and /dev/log is one
 * nearly everywhere, so the lines go to the standard input of logger(1), which is started once and outlives this process
 * until it has passed on everything. A daemon that offers a stream is written to directly (RFC 3164, section 4.1).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { errnoOf } from '../errors/errno.ts'
import type { Complain } from './complain.ts'
import { connectTo, openStreamSink, SEVERITY, type LogSink, type LogStream } from './stream-sink.ts'

/** Where syslog listens. */
const SYSLOG_SOCKET = '/dev/log'
/** The facility mail (RFC 5424, section 6.2.1). */
const MAIL = 2 * 8
/** Where logger is looked for, whatever the caller's PATH says. */
const PATH = '/usr/bin:/bin'
/** A line that is longer is cut in two by logger. */
const LONGEST = 64 * 1024
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const priority = (level: keyof typeof SEVERITY): string => `<${MAIL + SEVERITY[level]}>`

/** The time in the form of RFC 3164, which is that of this machine. */
function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2)} ${time}`
}

async function startLogger(program: string, path: string): Promise<Writable> {
  const args = ['--socket', path, '--prio-prefix', '--size', String(LONGEST)]
  const child = spawn('logger', [...args, '--tag', program, `--id=${process.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH, LC_ALL: 'C' },
    cwd: '/',
    // A signal to the group of this process is not for it.
    detached: true,
  })
  child.stdin.on('error', () => undefined)
  await once(child, 'spawn')
  child.once('exit', (code) => {
    if (code !== 0) child.stdin.destroy(new Error(`logger has ended with ${code ?? 'a signal'}`))
  })
  child.unref()
  const { stdin } = child
  // A pipe to a child is a socket, which would keep this process.
  if (stdin instanceof Socket) stdin.unref()
  return stdin
}

async function openStream(program: string, path: string): Promise<LogStream> {
  try {
    const stream = await connectTo(path)
    const tag = `${program}[${process.pid}]`
    return {
      stream,
      frame: (line, level) => `${priority(level)}${timestamp(new Date())} ${tag}: ${line}`,
    }
  } catch (error) {
    // It is there, and wants datagrams.
    if (errnoOf(error) !== 'EPROTOTYPE') throw error
    return { stream: await startLogger(program, path), frame: (line, level) => `${priority(level)}${line}` }
  }
}

/**
 * Opens syslog.
 *
 * @param program the tag of the lines
 * @param complain gets one line the first time that something cannot be written
 */
export function openSyslog(program: string, complain: Complain, path = SYSLOG_SOCKET): Promise<LogSink> {
  return openStreamSink('syslog', () => openStream(program, path), complain)
}
