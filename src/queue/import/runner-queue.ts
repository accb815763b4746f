/**
 * The queue of mailqueue-runner, and one of our own: a metadata block, then the message. Where a journal says who has
 * the message already, only the others are taken over. Claims in use and held messages stay where they are.
 */
import { lstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describeError } from '../../errors/errno.ts'
import { parseName } from '../entry-name.ts'
import { foreignClaimIsDead } from '../foreign-claim.ts'
import { journalPath, readJournal } from '../journal/journal.ts'
import { parseMetaBlock, type QueueMeta } from '../meta-block.ts'
import { isUnfinished, messageState, type MessageState } from '../journal/recipient-state.ts'
import { refuse, type ForeignFormat, type HeadResult, type Look, type Spot } from './format.ts'

const MAYBE_SENT = 'an earlier attempt failed or died; it may have been sent'

const statOf = (path: string) => lstatSync(path, { throwIfNoEntry: false })

function look(spot: Spot, now: number): Look {
  if (spot.name.startsWith('.') || /\.reason$/.test(spot.name)) return { kind: 'nothing' }
  const place = basename(spot.directory)
  if (place === 'hold') return { kind: 'skip', why: 'it is held; release it first' }
  if (place === 'cur') return lookAtClaim(spot, now)
  return lookAtWaiting(spot, now, place === 'failed')
}

function lookAtClaim({ directory, name }: Spot, now: number): Look {
  const queueDir = dirname(directory)
  // Two links to one file are left when mailqueue-runner dies while it claims; the one in new/ is read.
  const waiting = statOf(join(queueDir, 'new', name))
  const claimed = statOf(join(directory, name))
  if (claimed === undefined || (waiting?.ino === claimed.ino && waiting.dev === claimed.dev)) {
    return { kind: 'nothing' }
  }
  if (name.includes(':1,'))
    return { kind: 'skip', why: 'it is claimed; let mq-run deliver or recover it first' }
  if (!foreignClaimIsDead(queueDir, name, now)) {
    return { kind: 'skip', why: 'it is being sent, or was claimed less than 30 minutes ago' }
  }
  return { kind: 'read', failed: false, companions: [], notes: [MAYBE_SENT] }
}

function lookAtWaiting({ directory, name }: Spot, now: number, failed: boolean): Look {
  const queueDir = dirname(directory)
  const journal = journalPath(queueDir, parseName(name).unique)
  const companions = statOf(journal)?.isFile() === true ? [journal] : []
  const second = join(queueDir, 'cur', name)
  const claimed = statOf(second)
  const waiting = statOf(join(directory, name))
  if (claimed === undefined || claimed.ino !== waiting?.ino || claimed.dev !== waiting.dev) {
    return { kind: 'read', failed, companions, notes: [] }
  }
  if (!foreignClaimIsDead(queueDir, name, now)) return { kind: 'skip', why: 'it is being claimed' }
  return { kind: 'read', failed, companions: [second, ...companions], notes: [] }
}

function parse(bytes: Buffer, whole: boolean, { directory, name }: Spot): HeadResult {
  const result = parseMetaBlock(bytes, whole)
  if (!result.ok) return result
  const { meta, length } = result
  try {
    const state = messageState(meta, readJournal(dirname(directory), parseName(name).unique))
    return withState(meta, length, state, basename(directory) === 'failed')
  } catch (error) {
    return refuse(`its journal cannot be read: ${describeError(error)}`)
  }
}

function withState(meta: QueueMeta, start: number, state: MessageState, failed: boolean): HeadResult {
  const left = state.recipients.filter((each) => (failed ? each.status !== 'delivered' : isUnfinished(each)))
  if (left.length === 0) return refuse('none of its recipients waits for it')
  const others = state.recipients.length - left.length
  const inDoubt = left.filter(({ status }) => status === 'in-doubt').length
  const { reports, body } = meta.envelope
  return {
    ok: true,
    head: {
      sender: state.envelope.sender,
      recipients: left.map(({ recipient }) => recipient),
      start,
      attempts: state.attempts,
      lastAttempt: state.lastAttempt,
      queuedAt: state.requeuedAt ?? meta.queuedAt,
      expires: meta.expires,
      batch: meta.batch,
      ...(reports === undefined ? {} : { reports }),
      ...(body === undefined ? {} : { body }),
      notes: [
        ...(others > 0 ? [`${others} of its recipients have it or were given up, and are left out`] : []),
        ...(inDoubt > 0 ? [`${inDoubt} of its recipients may have it already`] : []),
      ],
    },
  }
}

export const RUNNER_FORMAT: ForeignFormat = { folders: ['new', 'cur', 'hold', 'failed'], look, parse }
