/**
 * Runs a program that prints a secret: without a shell, without the standard input of ours, and not for long. Its first
 * line is the secret. What it prints is in no error; what it says on standard error is, because it says why.
 */
import { spawn } from 'node:child_process'
import { describeError } from '../../errors/errno.ts'
import { SecretUnknown } from './unknown.ts'
import { newSecrets } from './secrets.ts'
import { oneLine } from '../reply.ts'

/** In milliseconds: long enough for a person who has to unlock a key. */
const LONGEST = 60_000
/** In octets. */
const MOST_OUTPUT = 64 * 1024
const MOST_COMPLAINT = 2048

interface Ended {
  readonly how: string | undefined
  readonly output: Buffer
  readonly complaint: string
}

function runToEnd(command: readonly string[], signal: AbortSignal | undefined): Promise<Ended> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const output: Buffer[] = []
    const complaint: Buffer[] = []
    let size = 0
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const settle = (how: string | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      // A program that it left behind may hold these open for ever.
      for (const stream of [child.stdout, child.stderr]) stream.destroy()
      const words = Buffer.concat(complaint).subarray(0, MOST_COMPLAINT).toString('utf8')
      resolve({ how, output: Buffer.concat(output), complaint: words })
    }
    const stop = (how: string): void => {
      child.kill('SIGKILL')
      settle(how)
    }
    const interrupt = (): void => stop('was interrupted')
    const timer = setTimeout(() => stop(`did not end within ${LONGEST / 1000} s`), LONGEST)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MOST_OUTPUT) stop(`printed more than ${MOST_OUTPUT} bytes`)
      else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < MOST_COMPLAINT) complaint.push(chunk)
    })
    child.once('error', (error) => settle(`cannot be run: ${describeError(error)}`))
    child.once('exit', (code, killer) => {
      const how =
        code === 0 ? undefined : code === null ? `was ended by ${killer ?? 'a signal'}` : `ended with ${code}`
      // What it printed may still be on its way.
      if (child.stdout.readableEnded && child.stderr.readableEnded) settle(how)
      else {
        child.once('close', () => settle(how))
        if (how !== undefined) setTimeout(() => settle(how), 100).unref()
      }
    })
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted === true) interrupt()
  })
}

/**
 * The secret that a program prints.
 *
 * @param command the program and its arguments
 * @param option the name of the option that has it, for errors
 * @param signal kills the program
 * @throws SecretUnknown when there is none
 */
export async function secretOfProgram(
  command: readonly string[],
  option: string,
  signal?: AbortSignal,
): Promise<string> {
  const { how, output, complaint } = await runToEnd(command, signal)
  const [line = ''] = output.toString('utf8').split(/\r?\n/)
  if (how === undefined && line !== '') return line
  const secrets = newSecrets()
  secrets.add(line)
  const said = oneLine(secrets.clean(complaint))
  const what = `${option}: ${oneLine(command[0] ?? '')} ${how ?? 'printed nothing in its first line'}`
  throw new SecretUnknown(said === '' ? `${what}; run it by hand to see why` : `${what}: ${said}`)
}
