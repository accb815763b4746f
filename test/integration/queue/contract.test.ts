/**
 * Both queues keep the contract.
 */
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { MemoryQueue } from '../../../src/queue/memory/queue.ts'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryQueue } from '../../helpers/queue-dir.ts'
import { describeQueue } from './contract.ts'

function emptyMaildir(): MaildirQueue {
  const queueDir = temporaryQueue()
  mkdirSync(join(queueDir, 'new'), { recursive: true })
  return new MaildirQueue(queueDir)
}

describeQueue('MaildirQueue', emptyMaildir)
describeQueue('MemoryQueue', () => new MemoryQueue())
