/**
 * A soak: daemons under load for as long as is asked for, against a server that refuses, stalls and hangs up at random.
 * One daemon lives from the beginning to the end, and its memory and open files are watched; others beside it are
 * killed and started again. Messages come from commands and from the library. In the end the checker of the fault rig
 * judges what became of every message. Not part of the tests:
 *
 *     npm run soak -- --minutes 10 [--seed c3155747]
 */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import type { RunningCommand } from '../helpers/run-command.ts'
import { violations } from '../rig/checker.ts'
import { Dice, newSeed } from '../rig/dice.ts'
import { chaoticConnection } from '../rig/server-plan.ts'
import { letter, RigSite } from '../rig/site.ts'
import { storiesOf } from '../rig/story.ts'
import { watchGrowth, type Growth } from './growth.ts'

/** More than this, and something is kept that should not be: kilobytes and files a minute. */
const MOST_GROWTH = 2048
const MOST_FILES = 2

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const seed = values.seed ?? newSeed()
const length = Number(values.minutes) * 60_000
if (!(length > 0)) throw new Error('--minutes has to be a number above 0')

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const counts = { commands: 0, library: 0, kills: 0, restarts: 0, signals: 0 }

const startDaemon = (site: RigSite): RunningCommand =>
  site.start('mq-run', ['--daemon'], { timeout: length + 3_600_000 })

/** A daemon that must not end before it is asked to. */
interface Elder {
  readonly command: RunningCommand
  readonly growth: () => Growth
}

function startElder(site: RigSite): Elder {
  const command = startDaemon(site)
  return { command, growth: watchGrowth(command.child.pid ?? 0) }
}

/** Messages at random moments, by commands and by the library. */
async function submitAll(site: RigSite, end: number): Promise<void> {
  const queue = new MaildirQueue(site.queueDir)
  for (let number = 1; Date.now() < end; number++) {
    const dice = new Dice(seed, 'message', number)
    const one = letter(`m${number}`, dice.between(1, 3), dice.pick([300, 3000, 60_000]))
    if (dice.chance(0.3)) {
      counts.commands += 1
      await site.submit(one, { spool: dice.pick(['only', 'first', 'fallback']) }).result
    } else {
      counts.library += 1
      const content = bufferContent(Buffer.from(one.text.replaceAll('\n', '\r\n')))
      await queue.enqueue({ envelope: { sender: one.sender, recipients: one.recipients }, content })
      site.accepted(one)
    }
    await pause(dice.between(0, 150))
  }
}

/** Daemons that are killed and started again. */
async function killAndRestart(site: RigSite, end: number): Promise<void> {
  for (let life = 1; Date.now() < end; life++) {
    const dice = new Dice(seed, 'life', life)
    const { child, result } = startDaemon(site)
    counts.restarts += 1
    await pause(Math.min(dice.between(300, 10_000), Math.max(0, end - Date.now())))
    const signal = dice.pick(['SIGKILL', 'SIGTERM'] as const)
    site.interrupts()
    counts.kills += 1
    child.kill(signal)
    const { code, signal: endedBy, stderr } = await result
    // One that had not begun yet knows nothing of signals, and has claimed nothing.
    if (signal === 'SIGTERM' && code !== 0 && endedBy !== signal)
      throw new Error(`a daemon ended with ${code}: ${stderr}`)
  }
}

/** Whether a process has a handler for SIGHUP, as a daemon has that is at work: before, that signal ends it. */
function hearsSignals(pid: number): boolean {
  const caught = /^SigCgt:\s+([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals.SIGHUP - 1))) !== 0n
}

/** What administrators send. */
async function signalElder({ command }: Elder, end: number): Promise<void> {
  while (!hearsSignals(command.child.pid ?? 0)) await pause(100)
  for (let number = 1; Date.now() < end; number++) {
    const dice = new Dice(seed, 'signal', number)
    command.child.kill(dice.chance(0.2) ? 'SIGHUP' : 'SIGUSR1')
    counts.signals += 1
    await pause(dice.between(1000, 6000))
  }
}

function judge(site: RigSite, when: string): number {
  const evidence = site.evidence()
  const found = violations(evidence)
  for (const sentence of found) say(`VIOLATION ${when}: ${sentence}`)
  for (const story of found.length === 0 ? [] : storiesOf(evidence, found.slice(0, 5), site.log)) say(story)
  return found.length
}

function judgeGrowth(growth: Growth): number {
  const { samples, firstResident, lastResident, residentSlope, mostFiles, filesSlope } = growth
  say(
    `memory: ${firstResident} kB at first, ${lastResident} kB in the end, ${residentSlope.toFixed(0)} kB a minute`,
  )
  say(`open files: at most ${mostFiles}, ${filesSlope.toFixed(2)} more a minute (${samples} looks)`)
  // Short runs only show how memory fills up.
  const isLong = length >= 300_000
  const bad = (isLong && residentSlope > MOST_GROWTH ? 1 : 0) + (isLong && filesSlope > MOST_FILES ? 1 : 0)
  if (bad > 0) say('VIOLATION: memory or open files grow')
  return bad
}

async function soak(): Promise<number> {
  const site = await RigSite.open((connection) => chaoticConnection(new Dice(seed, 'connection', connection)))
  const elder = startElder(site)
  try {
    const end = Date.now() + length
    await Promise.all([submitAll(site, end), killAndRestart(site, end), signalElder(elder, end)])
    const growth = elder.growth()
    elder.command.child.kill('SIGTERM')
    const { code, stderr } = await elder.command.result
    say(`what happened: ${JSON.stringify(counts)}, ${site.server.transactions.length} transactions`)
    let bad = judgeGrowth(growth)
    if (code !== 0) {
      bad += 1
      say(`VIOLATION: the daemon ended with ${code}: ${stderr}`)
    }
    bad += judge(site, 'in the middle')
    await site.settle()
    return bad + judge(site, 'at the end')
  } finally {
    elder.command.child.kill('SIGKILL')
    await site.end()
  }
}

say(`seed ${seed}, ${values.minutes} minutes; the same again with --seed ${seed}`)
const bad = await soak()
say(bad === 0 ? 'all promises were kept' : `${bad} promises were broken`)
process.exit(bad === 0 ? 0 : 1)
