/** What is sent depends on what the server offers: 8-bit text, long lines, requests for delivery reports. */
import { isAscii } from 'node:buffer'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { bufferContent, fileContent } from '../../../src/message/content.ts'
import type { Envelope } from '../../../src/message/envelope.ts'
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
})
