/** What is sent depends on what the server offers: 8-bit text, long lines, requests for delivery reports. */
import { isAscii } from 'node:buffer'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { bufferContent, fileContent } from '../../../src/message/content.ts'
import type { Envelope, RecipientRequest } from '../../../src/message/envelope.ts'
import type { RecipientOutcome } from '../../../src/message/outcome.ts'
import { openBench } from './attempts.ts'
import { deliveryTo } from './settings.ts'

const bench = openBench()
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-extensions-'))
afterEach(() => bench.clear())
afterAll(() => rmSync(directory, { recursive: true }))

const messageOf = (body: string, head = 'Subject: x'): Buffer =>
  Buffer.from(`${head}\n\n${body}\n`.replaceAll('\n', '\r\n'))
const GERMAN = messageOf('Grüße aus München')

describe('8-bit text', () => {
  it('goes out as it is, announced, where the server takes it', async () => {
    const delivery = deliveryTo('a@x', { content: bufferContent(GERMAN) })
    const { server } = await bench.attempt({ extensions: ['8BITMIME'] }, {}, delivery)
    expect(server.transactions[0]?.params).toBe('BODY=8BITMIME')
    expect(server.transactions[0]?.data.equals(GERMAN)).toBe(true)
  })

  it('is encoded for a server that does not, the same in each attempt', async () => {
    const { server, transport } = await bench.open({ extensions: ['SIZE'] })
    for (let n = 0; n < 2; n++) {
      const content = bufferContent(GERMAN)
      expect((await transport.send(deliveryTo('a@x', { content })))[0]?.status).toBe('delivered')
    }
    const [first, second] = server.transactions
    expect(first && isAscii(first.data)).toBe(true)
    expect(second?.data).toEqual(first?.data)
    expect(first?.params).toBe(`SIZE=${first?.data.length}`)
    expect((await simpleParser(first?.data ?? '')).text).toBe('Grüße aus München\n')
  })

  it('is encoded while it is read from a file', async () => {
    const body = 'Grüße aus München\n'.repeat(100_000)
    const bytes = messageOf(body)
    writeFileSync(join(directory, 'big'), bytes)
    const content = fileContent(openSync(join(directory, 'big'), 'r'), 0, bytes.length)
    let announced = 0
    const delivery = deliveryTo('a@x', { content, beforeLastByte: () => announced++ })
    const { server, verdicts } = await bench.attempt({ extensions: ['SIZE'] }, {}, delivery)
    content.close()
    expect(verdicts).toEqual(['delivered'])
    expect(announced).toBe(1)
    const [transaction] = server.transactions
    expect(transaction?.params).toBe(`SIZE=${transaction?.data.length}`)
    expect((await simpleParser(transaction?.data ?? '')).text).toBe(`${body}\n`)
  })

  it('under a signature is refused, and the message never offered', async () => {
    const content = bufferContent(messageOf('ü', 'DKIM-Signature: v=1'))
    const { server, outcomes } = await bench.attempt({ extensions: [] }, {}, deliveryTo('a@x', { content }))
    expect(outcomes).toMatchObject([{ status: 'failed', scope: 'message', enhanced: '5.6.3' }])
    expect(server.transactions).toEqual([])
    const taken = await bench.attempt({ extensions: ['8BITMIME'] }, {}, deliveryTo('a@x', { content }))
    expect(taken.verdicts).toEqual(['delivered'])
  })

  it('that becomes too big by the encoding is refused', async () => {
    const content = bufferContent(messageOf('ü'.repeat(100)))
    const script = { extensions: ['SIZE 400'] }
    const { outcomes } = await bench.attempt(script, {}, deliveryTo('a@x', { content }))
    expect(outcomes).toMatchObject([{ status: 'failed', scope: 'message', enhanced: '5.3.4' }])
  })

  it('in the header only goes out as it is', async () => {
    const bytes = messageOf('ascii', 'Subject: Grüße')
    const delivery = deliveryTo('a@x', { content: bufferContent(bytes) })
    const { server } = await bench.attempt({ extensions: [] }, {}, delivery)
    expect(server.transactions[0]?.data.equals(bytes)).toBe(true)
  })
})

describe('a body that was declared as 8-bit', () => {
  const bytes = messageOf('ascii')
  const envelope: Envelope = { sender: 's@x', recipients: ['a@x'], body: '8bitmime' }

  it('is announced as such where the server takes it, whatever is in it', async () => {
    for (const body of [bytes, GERMAN]) {
      const delivery = deliveryTo([], { envelope, content: bufferContent(body) })
      const { server } = await bench.attempt({ extensions: ['8BITMIME'] }, {}, delivery)
      expect(server.transactions[0]?.params).toBe('BODY=8BITMIME')
      expect(server.transactions[0]?.data.equals(body)).toBe(true)
    }
  })

  it('is not where the server does not', async () => {
    const delivery = deliveryTo([], { envelope, content: bufferContent(bytes) })
    const { server } = await bench.attempt({ extensions: [] }, {}, delivery)
    expect(server.transactions[0]?.params).toBe('')
    expect(server.transactions[0]?.data.equals(bytes)).toBe(true)
  })
})

describe('lines that are longer than SMTP carries', () => {
  const long = 'word '.repeat(300)

  it('are encoded, also where the server takes 8-bit text', async () => {
    const delivery = deliveryTo('a@x', { content: bufferContent(messageOf(`${long}ü`)) })
    const { server } = await bench.attempt({ extensions: ['8BITMIME'] }, {}, delivery)
    const data = server.transactions[0]?.data ?? Buffer.alloc(0)
    expect(
      Math.max(
        ...data
          .toString()
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(100)
    expect((await simpleParser(data)).text).toBe(`${long}ü\n`)
  })

  it('go out as they are under a signature', async () => {
    const bytes = messageOf(long, 'DKIM-Signature: v=1')
    const delivery = deliveryTo('a@x', { content: bufferContent(bytes) })
    const { server } = await bench.attempt({}, {}, delivery)
    expect(server.transactions[0]?.data.equals(bytes)).toBe(true)
  })
})

describe('delivery reports', () => {
  const envelope: Envelope = {
    sender: 'sender@a.example',
    recipients: ['a@x', 'b@x'],
    reports: { notify: ['success', 'delay'], ret: 'hdrs', envid: 'order+1=2 x' },
  }

  it('are asked for where the server offers them, which takes them over', async () => {
    const rcpt = ({ address }: { address: string }): string | undefined =>
      address === 'b@x' ? '550 5.1.1 no' : undefined
    const delivery = deliveryTo([], { envelope })
    const { server, outcomes } = await bench.attempt({ extensions: ['DSN'], rcpt }, {}, delivery)
    expect(server.commands.slice(1, 4)).toEqual([
      'MAIL FROM:<sender@a.example> RET=HDRS ENVID=order+2B1+3D2+20x',
      'RCPT TO:<a@x> NOTIFY=SUCCESS,DELAY',
      'RCPT TO:<b@x> NOTIFY=SUCCESS,DELAY',
    ])
    expect(outcomes).toMatchObject([{ status: 'delivered', reportsTaken: true }, { status: 'failed' }])
  })

  it('can be refused altogether, or left to the usual', async () => {
    for (const [reports, expected] of [
      [{ notify: ['never'] }, 'RCPT TO:<a@x> NOTIFY=NEVER'],
      [{ notify: [] }, 'RCPT TO:<a@x>'],
    ] as const) {
      const delivery = deliveryTo([], { envelope: { sender: 's@x', recipients: ['a@x'], reports } })
      const { server, outcomes } = await bench.attempt({ extensions: ['DSN'] }, {}, delivery)
      expect(server.commands.slice(1, 3)).toEqual(['MAIL FROM:<s@x>', expected])
      expect(outcomes).toMatchObject([{ reportsTaken: true }])
    }
  })

  it('are not asked for where the server offers none, or nobody wants them', async () => {
    const delivery = deliveryTo([], { envelope })
    const { server, outcomes } = await bench.attempt({ extensions: ['HELP'] }, {}, delivery)
    expect(server.commands.slice(1, 3)).toEqual(['MAIL FROM:<sender@a.example>', 'RCPT TO:<a@x>'])
    expect(outcomes[0]).not.toHaveProperty('reportsTaken')
    const plain = await bench.attempt({ extensions: ['DSN'] })
    expect(plain.server.commands[1]).toBe('MAIL FROM:<sender@a.example>')
    expect(plain.outcomes[0]).not.toHaveProperty('reportsTaken')
  })

  it('are asked for over LMTP too', async () => {
    const delivery = deliveryTo([], { envelope })
    const settings = { protocol: 'lmtp' } as const
    const { outcomes } = await bench.attempt({ extensions: ['DSN'] }, settings, delivery)
    expect(outcomes).toMatchObject([{ reportsTaken: true }, { reportsTaken: true }])
  })

  describe('about single recipients', () => {
    const original = 'rfc822;root+tag@h.example'
    const single: Envelope = {
      sender: 's@x',
      recipients: ['a@x', 'b@x', '__proto__', 'c@x', 'd@x', 'e@x'],
      reports: {
        notify: ['failure'],
        envid: 'id 1',
        recipients: new Map<string, RecipientRequest>([
          ['b@x', { notify: ['never', 'failure'] }],
          ['__proto__', { original }],
          ['c@x', { notify: [] }],
          ['d@x', { notify: ['failure'] }],
          ['e@x', { original }],
        ]),
      },
    }
    const MAIL = 'MAIL FROM:<s@x> ENVID=id+201'
    const ORCPT = 'ORCPT=rfc822;root+2Btag@h.example'

    /** The commands of each transaction. */
    const transactions = (commands: readonly string[]): string[][] =>
      commands
        .join('\n')
        .split(/^(?=MAIL)/m)
        .slice(1)
        .map((text) => text.split('\n').filter((line) => /^(?:MAIL|RCPT)/.test(line)))

    it('need a transaction for each different request, on the same connection', async () => {
      const brought: string[][] = []
      const onOutcomes = async (part: readonly RecipientOutcome[]): Promise<void> => {
        await Promise.resolve()
        brought.push(part.map(({ recipient }) => recipient))
      }
      const delivery = deliveryTo([], { envelope: single, onOutcomes })
      const { server, outcomes } = await bench.attempt({ extensions: ['DSN'] }, {}, delivery)
      expect(transactions(server.commands)).toEqual([
        [MAIL, 'RCPT TO:<a@x> NOTIFY=FAILURE', 'RCPT TO:<d@x> NOTIFY=FAILURE'],
        [MAIL, 'RCPT TO:<b@x> NOTIFY=NEVER'],
        [MAIL, `RCPT TO:<__proto__> NOTIFY=FAILURE ${ORCPT}`, `RCPT TO:<e@x> NOTIFY=FAILURE ${ORCPT}`],
        [MAIL, 'RCPT TO:<c@x>'],
      ])
      expect(server.commands.filter((line) => line.startsWith('EHLO'))).toHaveLength(1)
      expect(brought).toEqual([['a@x', 'd@x'], ['b@x'], ['__proto__', 'e@x']])
      expect(outcomes).toMatchObject(
        single.recipients.map((recipient) => ({ recipient, status: 'delivered', reportsTaken: true })),
      )
    })

    it('need none where the server knows nothing of reports', async () => {
      const delivery = deliveryTo([], { envelope: single })
      const { server, outcomes } = await bench.attempt({ extensions: [] }, {}, delivery)
      expect(server.transactions.map(({ rcptTo }) => rcptTo)).toEqual([
        ['a@x', 'd@x', 'b@x', '__proto__', 'e@x', 'c@x'],
      ])
      expect(outcomes.map(({ recipient }) => recipient)).toEqual(single.recipients)
      expect(outcomes[0]).not.toHaveProperty('reportsTaken')
    })

    it('go with others of the same kind as far as the server takes them', async () => {
      const delivery = deliveryTo([], { envelope: single })
      const rcpt = ({ address, transaction }: { address: string; transaction: number }) =>
        address === 'd@x' && transaction === 1 ? '452 4.5.3 too many recipients' : undefined
      const { server, verdicts } = await bench.attempt({ extensions: ['DSN'], rcpt }, {}, delivery)
      expect(server.transactions.map(({ rcptTo }) => rcptTo)).toEqual([
        ['a@x'],
        ['d@x'],
        ['b@x'],
        ['__proto__', 'e@x'],
        ['c@x'],
      ])
      expect(new Set(verdicts)).toEqual(new Set(['delivered']))
      const alone = await bench.attempt({ extensions: ['DSN'] }, { maxRecipients: 1 }, delivery)
      expect(alone.server.transactions.map(({ rcptTo }) => rcptTo)).toEqual(
        ['a@x', 'd@x', 'b@x', '__proto__', 'e@x', 'c@x'].map((recipient) => [recipient]),
      )
    })
  })
})
