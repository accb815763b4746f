/** Promises of src/logging/transaction-log.ts: the exact line, no forged lines, no exception. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createPrivacy } from '../../../src/logging/hiding.ts'
import { FULL_VIEW } from '../../../src/logging/privacy.ts'
import { createTransactionLog, transactionLine } from '../../../src/logging/transaction-log.ts'

const NOW = Date.UTC(2026, 10, 21, 21, 46, 5, 999)

describe('transactionLine', () => {
  it('has date, sender, recipients and Message-ID', () => {
    const transaction = {
      sender: 'a@site.example',
      recipients: ['b@x.example', 'c@y.example'],
      messageId: '<i@h>',
    }
    expect(transactionLine(transaction, NOW)).toBe(
      '2026-11-21T21:46:05Z a@site.example => b@x.example, c@y.example <i@h>\n',
    )
  })

  it('writes the null sender, a missing Message-ID and one without angle brackets', () => {
    const recipients = ['b@x.example']
    expect(transactionLine({ sender: '', recipients, messageId: undefined }, NOW)).toBe(
      '2026-11-21T21:46:05Z <> => b@x.example -\n',
    )
    expect(transactionLine({ sender: '', recipients, messageId: ' i@h ' }, NOW)).toContain(' <i@h>\n')
  })

  it('replaces control characters in every field', () => {
    const transaction = {
      sender: 'a\n@x',
      recipients: ['b\r\u0000', 'c\u2028\u0085d'],
      messageId: '<i\u001b[2J@h>',
    }
    expect(transactionLine(transaction, NOW)).toBe('2026-11-21T21:46:05Z a?@x => b??, c??d <i?[2J@h>\n')
  })
})

it('hides addresses, in the Message-ID as well', () => {
  const transaction = { sender: 'a@x.example', recipients: ['b@y.example', 'root'], messageId: 'i@h.example' }
  expect(transactionLine(transaction, NOW, createPrivacy('domain'))).toBe(
    '2026-11-21T21:46:05Z *@x.example => *@y.example, * <*@h.example>\n',
  )
})

describe('createTransactionLog', () => {
  it('appends a line a message to a file that only owner and group read', () => {
    const root = mkdtempSync(join(tmpdir(), 'mq-tlog-'))
    const path = join(root, 'delivery.log')
    const complaints: string[] = []
    const clock = { now: () => NOW }
    for (const sender of ['a@x', 'b@x']) {
      const log = createTransactionLog(path, (line) => complaints.push(line), FULL_VIEW, clock)
      log.record({ sender, recipients: ['c@x'], messageId: '<1@x>' })
    }
    expect(readFileSync(path, 'utf8')).toBe(
      '2026-11-21T21:46:05Z a@x => c@x <1@x>\n2026-11-21T21:46:05Z b@x => c@x <1@x>\n',
    )
    expect(complaints).toEqual([])
    expect(statSync(path).mode & 0o137).toBe(0)
    rmSync(root, { recursive: true })
  })

  it('complains once about a path that cannot be written', () => {
    const complaints: string[] = []
    const log = createTransactionLog('/dev/null/x', (line) => complaints.push(line))
    const transaction = { sender: 'a@x', recipients: ['b@x'], messageId: undefined }
    log.record(transaction)
    log.record(transaction)
    expect(complaints).toEqual([expect.stringContaining('cannot write the log /dev/null/x: ENOTDIR')])
  })
})
