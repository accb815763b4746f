/**
 * What is told of an attempt never changes its outcome.
 */
import { expect, it } from 'vitest'
import { deliveryContext } from '../../../../src/delivery/context.ts'
import { reportAttempt, reportQueued } from '../../../../src/delivery/report/report.ts'
import type { Transaction } from '../../../../src/logging/transaction-log.ts'
import type { MessageContent } from '../../../../src/message/content.ts'

it('goes into the text logs without a Message-ID when the message cannot be read any more', async () => {
  const lines: Transaction[] = []
  const log = { record: (line: Transaction) => void lines.push(line) }
  const context = deliveryContext({ deliveryLog: log, queueLog: log })
  const content: MessageContent = {
    size: 1,
    bytes: undefined,
    stream: () => {
      throw new Error('EIO: i/o error, read')
    },
    close: () => undefined,
  }
  const envelope = { sender: 's@x.example', recipients: ['a@x'] }
  const subject = { envelope, content, id: 'ID', attempts: 0 }
  await reportQueued(context, subject)
  const outcomes = [{ status: 'delivered', recipient: 'a@x', reply: '250 ok' }] as const
  await reportAttempt(context, subject, { outcomes, duration: 1 })
  const line = { sender: 's@x.example', recipients: ['a@x'], messageId: undefined }
  expect(lines).toEqual([line, line])
})
