/** What is added to a header, what goes, and that the rest keeps its bytes. */
import { describe, expect, it } from 'vitest'
import { completeHeader, type HeaderFacts } from '../../../src/message/complete.ts'
import { formatDate } from '../../../src/message/date.ts'
import { splitHeader } from '../../../src/message/header-block.ts'
import { seeded } from './seeded.ts'

const now = Date.parse('2026-11-21T19:28:27Z')
const facts: HeaderFacts = {
  sender: 'alice@h.example',
  from: { name: 'Alice A.', address: 'alice@h.example' },
  now,
  domain: 'h.example',
}
const headerOf = (text: string) => splitHeader(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')).header

function complete(
  text: string,
  changes: Partial<HeaderFacts> = {},
): { lines: string[]; id: string | undefined } {
  const { bytes, messageId } = completeHeader(headerOf(text), { ...facts, ...changes })
  const whole = bytes.toString('latin1')
  expect(whole).toMatch(/^(?:[^\r\n]+\r\n)*\r\n$/)
  return { lines: whole.split('\r\n').slice(0, -2), id: messageId }
}

describe('completeHeader', () => {
  it('adds From, Date and Message-ID at the end, in this order', () => {
    const { lines, id } = complete('Subject: s\nTo: a@x\n')
    expect(lines).toEqual([
      'Subject: s',
      'To: a@x',
      'From: "Alice A." <alice@h.example>',
      `Date: ${formatDate(now)}`,
      `Message-ID: ${id ?? ''}`,
    ])
    expect(id).toMatch(/^<[^<>@ ]+@h\.example>$/)
  })

  it('makes a whole header out of none', () => {
    expect(complete('').lines.map((line) => line.split(':')[0])).toEqual(['From', 'Date', 'Message-ID'])
  })

  it('leaves a complete header byte for byte', () => {
    const text = 'DATE : x\nfrom: root (Cron Daemon)\n\tfolded\nMessage-id: <X@y>\nSubject:  J\xf6\xc3\xb6 \n'
    expect(complete(text)).toEqual({ lines: text.split('\n').slice(0, -1), id: '<X@y>' })
  })

  it('takes the address alone when there is no name', () => {
    expect(complete('', { from: { address: 'a@x' } }).lines[0]).toBe('From: a@x')
  })

  it('writes an address with other letters as UTF-8', () => {
    const { lines } = complete('', { from: { name: '\u00dc', address: '\u00fc@x' } })
    expect(lines[0]).toBe('From: =?UTF-8?B?w5w=?= <\xc3\xbc@x>')
  })

  it('names the mailer daemon for the null sender', () => {
    expect(complete('', { sender: '' }).lines[0]).toBe('From: MAILER-DAEMON <MAILER-DAEMON@h.example>')
    expect(complete('From: a@x\n', { sender: '' }).lines[0]).toBe('From: a@x')
  })

  it('removes Bcc and Resent-Bcc however they are written', () => {
    const text = 'Bcc: a@x,\n b@x\nTo: c@x\nBCC : d@x\nresent-bcc\t:\n e@x\nBcc-Note: f@x\n'
    expect(complete(text).lines.slice(0, 2)).toEqual(['To: c@x', 'Bcc-Note: f@x'])
    expect(
      complete(text)
        .lines.join()
        .match(/[abde]@x/),
    ).toBe(null)
  })

  it('adds Resent-Date and Resent-Message-ID only to a message that is resent', () => {
    const names = (text: string) => complete(text).lines.map((line) => line.split(':')[0])
    const full = 'From: a@x\nDate: x\nMessage-ID: <i@x>\n'
    expect(names(full)).toEqual(['From', 'Date', 'Message-ID'])
    expect(names(`${full}Resent-To: b@x\n`).slice(3)).toEqual([
      'Resent-To',
      'Resent-Date',
      'Resent-Message-ID',
    ])
    expect(names(`${full}Resent-Bcc: b@x\n`).slice(3)).toEqual(['Resent-Date', 'Resent-Message-ID'])
    expect(names(`${full}RESENT-DATE: x\nResent-Message-id: <r@x>\n`).length).toBe(5)
    expect(complete(`${full}Resent-To: b@x\n`).id).toBe('<i@x>')
  })

  it('changes nothing when it runs on its own result', () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(8); count > 0; count -= 1) {
        text += random.pick([
          'To: a@x\n',
          'From: b@x\n',
          'Bcc : c@x\n',
          'X:\n \xff\n',
          'date: x\n',
          'Resent-Cc: d@x\n',
        ])
      }
      const once = completeHeader(headerOf(text), facts)
      const twice = completeHeader(splitHeader(once.bytes).header, facts)
      expect(twice, `seed ${seed}`).toEqual(once)
    }
  })
})
