import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bufferContent, fileContent, type MessageContent } from '../../../src/message/content.ts'
import { MessageBody } from '../../../src/transport/body.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-body-'))
afterAll(() => rmSync(directory, { recursive: true }))

interface Seen {
  data: Buffer
  events: string[]
  failure: unknown
}

/** Reads a body to its end and notes what happened with how many bytes read. */
function drain(content: MessageContent, beforeLastByte: () => void = () => undefined): Promise<Seen> {
  return new Promise((resolve) => {
    const events: string[] = []
    const chunks: Buffer[] = []
    let size = 0
    const finish = (failure: unknown): void => resolve({ data: Buffer.concat(chunks), events, failure })
    const body = new MessageBody(content, {
      beforeLastByte: () => {
        events.push(`last byte announced after ${size < content.size ? 'less' : 'all'}`)
        beforeLastByte()
      },
      progress: (step) => events.push(step),
      failed: (error) => {
        body.destroy()
        finish(error)
      },
    })
    const stream = new PassThrough()
    body.pipe(stream)
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
    })
    stream.once('end', () => finish(undefined))
  })
}

function onDisk(size: number): MessageContent {
  const path = join(directory, `m${size}`)
  writeFileSync(path, Buffer.alloc(size, 'abcdefg\r\n'))
  return fileContent(openSync(path, 'r'), 0, size)
}

describe('MessageBody', () => {
  it('announces the last byte of a message in memory before it hands it over', async () => {
    const bytes = Buffer.from('Subject: x\r\n\r\nbody\r\n')
    const seen = await drain(bufferContent(bytes))
    expect(seen).toEqual({
      data: bytes,
      events: ['wanted', 'last byte announced after less', 'complete'],
      failure: undefined,
    })
  })

  it('streams a file, and announces once, while the last part is still held back', async () => {
    const content = onDisk(1_000_000)
    const seen = await drain(content)
    content.close()
    expect(seen.data.equals(Buffer.alloc(1_000_000, 'abcdefg\r\n'))).toBe(true)
    expect(seen.events.filter((event) => event.startsWith('last'))).toEqual([
      'last byte announced after less',
    ])
    expect(seen.events[0]).toBe('wanted')
    expect(seen.events.at(-1)).toBe('complete')
  })

  it('hands over nothing of a message in memory when the announcement throws', async () => {
    const stop = new Error('disk full')
    const seen = await drain(bufferContent(Buffer.from('x')), () => {
      throw stop
    })
    expect(seen.data.length).toBe(0)
    expect(seen.failure).toBe(stop)
    expect(seen.events).not.toContain('complete')
  })

  it('keeps the end of a file back when the announcement throws', async () => {
    const content = onDisk(600_000)
    const seen = await drain(content, () => {
      throw new Error('no')
    })
    content.close()
    expect(seen.data.length).toBeLessThan(600_000)
    expect(seen.events).not.toContain('complete')
  })

  it('never completes content that is shorter than announced', async () => {
    const short = { ...bufferContent(Buffer.from('abc')), bytes: undefined, size: 4 }
    const seen = await drain(short)
    expect(String(seen.failure)).toContain('3 bytes instead of 4')
    expect(seen.events).toEqual(['wanted'])
  })

  it('reports content that cannot be read', async () => {
    const descriptor = openSync(join(directory, 'm1000000'), 'r')
    closeSync(descriptor)
    const seen = await drain(fileContent(descriptor, 0, 10))
    expect(String(seen.failure)).toContain('EBADF')
  })

  it('completes an empty message', async () => {
    const seen = await drain(bufferContent(Buffer.alloc(0)))
    expect(seen.events).toEqual(['wanted', 'last byte announced after all', 'complete'])
  })

  it('stops reading the content when destroyed, and leaves the content usable', async () => {
    const content = onDisk(900_000)
    const hooks = { beforeLastByte: () => undefined, progress: () => undefined, failed: () => undefined }
    const body = new MessageBody(content, hooks)
    const stream = new PassThrough()
    body.pipe(stream)
    await new Promise((resolve) => stream.once('readable', resolve))
    body.destroy()
    expect((await drain(content)).data.length).toBe(900_000)
    expect(body.handedOver).toBe(false)
    content.close()
  })
})

describe('a message in memory', () => {
  /** What went out in one piece, and what went through the stream. */
  async function pipe(text: string, beforeLastByte: () => void = () => undefined) {
    const whole: string[] = []
    const events: string[] = []
    let failure: unknown
    const body = new MessageBody(bufferContent(Buffer.from(text)), {
      beforeLastByte: () => {
        events.push(`announced before ${whole.length}`)
        beforeLastByte()
      },
      progress: (step) => events.push(step),
      failed: (error) => {
        failure = error
        body.destroy()
      },
    })
    body.ending = {
      sendWhole: (_stream, message) => whole.push(message.toString()),
      holdBack: () => events.push('held back'),
    }
    const stream = new PassThrough()
    body.pipe(stream)
    const ended = new Promise((resolve) => stream.once('end', resolve))
    let streamed = ''
    stream.on('data', (chunk: Buffer) => (streamed += chunk.toString()))
    if (whole.length === 0 && failure === undefined) await ended
    return { whole, streamed, events, failure, handedOver: body.handedOver }
  }

  it('goes out in one piece, announced before', async () => {
    const text = 'Subject: x\r\n\r\na.b\r\n'
    expect(await pipe(text)).toEqual({
      whole: [text],
      streamed: '',
      events: ['wanted', 'announced before 0', 'complete'],
      failure: undefined,
      handedOver: true,
    })
  })

  it.each([
    ['a dot at the start of a line', 'a\r\n.b\r\n'],
    ['a dot at the start', '.a\r\n'],
    ['a bare LF', 'a\nb\r\n'],
    ['a bare LF at the start', '\na\r\n'],
    ['a bare CR', 'a\rb\r\n'],
    ['no end of the last line', 'a\r\nb'],
    ['a bare CR at the end', 'a\r\nb\r'],
    ['nothing in it', ''],
  ])('goes through the engine, which mends it, with %s', async (_what, text) => {
    const { whole, streamed, events, handedOver } = await pipe(text)
    expect({ whole, streamed, handedOver }).toEqual({ whole: [], streamed: text, handedOver: true })
    expect(events).toEqual(['wanted', 'announced before 0', 'complete', 'held back'])
  })

  it('does not go out when the announcement throws', async () => {
    const stop = new Error('disk full')
    const seen = await pipe('a\r\n', () => {
      throw stop
    })
    expect(seen).toMatchObject({ whole: [], streamed: '', failure: stop, handedOver: false })
  })
})
