/**
 * Mail that stays on this machine (`deliver = file:` and `pipe:`): the commands are killed at each change they make to the
 * queue or the Maildir, and each of them is made to fail. Nothing is lost, nothing is there twice without a doubt on
 * record, and nobody who reads the Maildir ever sees a part of a message.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, MESSAGE, Try, type Point } from './crash-rig.ts'

/** What changes anything. */
const CHANGES = '^(write|rename|link|unlink|mkdir|f(data)?sync)'
/** Large enough to be written in several portions. */
const LARGE = `${MESSAGE}${'x'.repeat(70)}\n`.replace('last\n', `last\n${`${'y'.repeat(70)}\n`.repeat(3000)}`)

let sink: SmtpSink
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

/** Where mail goes, and the copies that are there: each has to be whole. */
interface Destination {
  readonly settings: Readonly<Record<string, string>>
  readonly copies: (text: string) => number
}

function maildirOf({ directory }: Try): Destination {
  const maildir = join(directory, 'Maildir')
  return {
    settings: { deliver: `file:${maildir}` },
    copies: (text) => {
      const folder = join(maildir, 'new')
      const names = existsSync(folder) ? readdirSync(folder) : []
      for (const name of names) {
        const whole = `Return-Path: <a@s.example>\nX-Original-To: one@d.example\n${text}`
        expect(readFileSync(join(folder, name), 'utf8') === whole, `${name} is whole`).toBe(true)
      }
      return names.length
    },
  }
}

/** A program that keeps what it reads in a file of its own, with another name once that is whole. */
const PROGRAM = 'file=$(mktemp "$1/part.XXXXXX") && cat >"$file" && mv "$file" "$1/whole.${file##*.}"\n'

function programOf({ directory }: Try): Destination {
  const script = join(directory, 'take')
  writeFileSync(script, PROGRAM)
  return {
    settings: { deliver: `pipe:/bin/sh ${script} ${directory}` },
    copies: (text) => {
      const names = readdirSync(directory).filter((name) => /^(?:part|whole)\./.test(name))
      for (const name of names) {
        expect(name).toMatch(/^whole\./)
        expect(readFileSync(join(directory, name), 'utf8') === text, `${name} is whole`).toBe(true)
      }
      return names.length
    },
  }
}

const DESTINATIONS = { 'deliver = file': maildirOf, 'deliver = pipe': programOf } as const
/** What runs when it is struck, and whether the message is in the queue before. */
const CALLS = {
  'mq-run': { name: 'mq-run', args: [], queued: true },
  'mq-sendmail': { name: 'mq-sendmail', args: ['one@d.example'], queued: false },
} as const

type Call = (typeof CALLS)[keyof typeof CALLS]

async function tryAt(point: Point, make: (attempt: Try) => Destination, call: Call): Promise<boolean> {
  const attempt = new Try(sink)
  const { settings: target, copies } = make(attempt)
  // Who stores first has something to lose when it dies.
  const settings = { ...target, spool: 'first' }
  attempt.configure(settings)
  const send = ['-f', 'a@s.example']
  if (call.queued) {
    const queued = await attempt.run('mq-sendmail', [...send, '-odq', 'one@d.example'], LARGE)
    expect(queued).toMatchObject({ code: 0, stderr: '' })
  }
  const args = call.queued ? call.args : [...send, ...call.args]
  const stdin = call.queued ? '' : LARGE
  const within = attempt.directory
  const { code, signal } = await attempt.runAt({ ...point, within }, call.name, args, stdin)
  const operations = attempt.operations()
  const reached = operations.length >= point.at
  const where = `${point.how} at ${operations[point.at - 1] ?? 'nothing'}, the ${point.at}.`
  if (reached && /^(?:before|half)$/.test(point.how)) expect(signal, where).toBe('SIGKILL')
  copies(LARGE)
  const doubtful = await attempt.settle(settings)
  const accepted = call.queued || code === 0
  const found = copies(LARGE)
  // Who was not told that it was accepted tries again, and so may have it twice in the end.
  expect(found, where).toBeGreaterThanOrEqual(accepted ? 1 : 0)
  expect(found, where).toBeLessThanOrEqual(doubtful.has('one@d.example') ? 2 : 1)
  expect(attempt.holds(), where).toEqual([])
  attempt.end()
  return reached
}

describe.each(Object.entries(DESTINATIONS))('%s', (_, make) => {
  it.each(Object.entries(CALLS))('loses nothing when %s is killed before any change', async (__, call) => {
    const points = await forEveryPoint((at) => tryAt({ at, how: 'before', ops: CHANGES }, make, call))
    expect(points).toBeGreaterThanOrEqual(10)
  })

  it('loses nothing when mq-run is killed in the middle of any write', async () => {
    const half = (at: number) => tryAt({ at, how: 'half', ops: '^write' }, make, CALLS['mq-run'])
    expect(await forEveryPoint(half)).toBeGreaterThan(1)
  })

  it('loses nothing when a change of mq-run fails', async () => {
    const errnos = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'] as const
    const fails = (at: number) =>
      tryAt({ at, how: errnos[at % errnos.length] ?? 'EIO', ops: CHANGES }, make, CALLS['mq-run'])
    expect(await forEveryPoint(fails)).toBeGreaterThanOrEqual(10)
  })
})
