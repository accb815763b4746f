/**
 * Broken set-ups for the tests of mq-send-test --check, which need more than a setting or the script of a server.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { MailSite } from '../helpers/mail-site.ts'
import type { CommandOptions, CommandResult } from '../helpers/run-command.ts'

/** A step as --json tells it. */
export interface StepRecord {
  readonly step: string
  readonly account?: string
  readonly state: 'ok' | 'failed' | 'skipped'
  readonly says?: string
  readonly what?: string
  readonly why?: string
  readonly remedy?: string
  readonly exit?: number
  readonly facts?: Readonly<Record<string, unknown>>
  readonly warnings?: readonly string[]
}

/** What --json tells. */
export interface Diagnosis {
  readonly ok: boolean
  readonly exit: number
  readonly failed?: string
  readonly steps: readonly StepRecord[]
}

/** Runs mq-send-test --check --json and reads what it says. */
export async function diagnose(
  site: MailSite,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<{ readonly result: CommandResult; readonly diagnosis: Diagnosis }> {
  const result = await site.run('mq-send-test', ['--check', '--json', ...args], options)
  return { result, diagnosis: JSON.parse(result.stdout) as Diagnosis }
}

/** The one step of that name. */
export function stepOf({ steps }: Diagnosis, name: string): StepRecord {
  const found = steps.find(({ step }) => step === name)
  if (found === undefined) throw new Error(`there is no step ${name}`)
  return found
}

const LISTENER = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`

function reap(child: ChildProcess): void {
  child.kill('SIGCONT')
  child.kill('SIGKILL')
}

/**
 * A port behind which nobody answers, as behind a firewall that drops everything: its process is stopped, and no more
 * connections fit into its queue.
 */
export async function startDeafPort(): Promise<number> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const fillers: Socket[] = []
  onTestFinished(() => {
    for (const socket of fillers) socket.destroy()
    reap(child)
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  child.kill('SIGSTOP')
  // The first two fit; the rest is there for kernels that count differently.
  for (let count = 0; count < 6; count++) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    fillers.push(socket)
  }
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')))
  return port
}
