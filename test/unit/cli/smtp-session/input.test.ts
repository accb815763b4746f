/** What a client sends, in pieces of any size, and what is known when nothing more comes. */
import { describe, expect, it } from 'vitest'
import { SessionInput } from '../../../../src/cli/smtp-session/input.ts'

const never = new AbortController().signal

async function* pieces(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Promise.resolve(Buffer.from(text, 'latin1'))
}

/** A client that says something and then nothing more. */
async function* silentAfter(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
  await new Promise(() => undefined)
}

async function wholeMessage(input: SessionInput): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of input.message()) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

const SESSION = 'MAIL\r\nDATA\r\n..a\r\n\r\nb\r\n.\r\nRSET\nQUIT\r\n'

describe('SessionInput', () => {
  it.each([
    [[SESSION]],
    [Array.from(SESSION)],
    [['MAIL\r\nDATA\r', '\n..a\r\n\r\nb\r\n.', '\r\nRSET\nQUIT\r\n']],
  ])('gives lines and messages in order, whatever the pieces are (%#)', async (texts) => {
    const input = new SessionInput(pieces(texts), { idle: 60_000, signal: never })
    expect(await input.line()).toEqual({ text: 'MAIL', tooLong: false })
    expect(await input.line()).toEqual({ text: 'DATA', tooLong: false })
    expect(await wholeMessage(input)).toBe('.a\r\n\r\nb\r\n')
    expect(await input.line()).toEqual({ text: 'RSET', tooLong: false })
    expect(await input.line()).toEqual({ text: 'QUIT', tooLong: false })
    expect(await input.line()).toBeUndefined()
    expect(input.end).toBe('end')
  })

  it('goes on with the next command after a message that was not read to its end', async () => {
    const input = new SessionInput(pieces(['DATA\r\n', 'a\r\n', 'b\r\n.\r\nNOOP\r\n']), {
      idle: 60_000,
      signal: never,
    })
    await input.line()
    const message = input.message()
    await message.next()
    await message.return(undefined)
    await input.skipMessage()
    expect(await input.line()).toEqual({ text: 'NOOP', tooLong: false })
  })

  it('never takes the end of the input for the end of a message or a line', async () => {
    const input = new SessionInput(pieces(['DATA\r\n', 'a\r\n', '.']), { idle: 60_000, signal: never })
    await input.line()
    await expect(wholeMessage(input)).rejects.toThrow('ended before')
    expect(input.end).toBe('end')
    const cut = new SessionInput(pieces(['QUIT']), { idle: 60_000, signal: never })
    expect(await cut.line()).toBeUndefined()
  })

  it('leaves out a line that is too long, and reads the next', async () => {
    const input = new SessionInput(pieces(['x'.repeat(5000), 'y'.repeat(70_000), 'z\r\nNOOP\r\n']), {
      idle: 60_000,
      signal: never,
    })
    expect(await input.line()).toEqual({ text: '', tooLong: true })
    expect(await input.line()).toEqual({ text: 'NOOP', tooLong: false })
  })

  it('does not wait longer than it should', async () => {
    const input = new SessionInput(silentAfter('NOOP\r\n'), { idle: 1, signal: never })
    expect(await input.line()).toEqual({ text: 'NOOP', tooLong: false })
    expect(await input.line()).toBeUndefined()
    expect(input.end).toBe('idle')
  })

  it('does not begin anything once the process is to end', async () => {
    const ending = new AbortController()
    const input = new SessionInput(silentAfter('NOOP\r\nMAIL\r\n'), { idle: 60_000, signal: ending.signal })
    expect(await input.line()).toEqual({ text: 'NOOP', tooLong: false })
    ending.abort()
    expect(await input.line()).toBeUndefined()
    expect(input.end).toBe('signal')
  })

  it('stops waiting when the process is to end, and knows of a broken input', async () => {
    const ending = new AbortController()
    const input = new SessionInput(silentAfter(''), { idle: 60_000, signal: ending.signal })
    const line = input.line()
    ending.abort()
    expect(await line).toBeUndefined()
    expect(input.end).toBe('signal')
    const error = new Error('EIO')
    const broken = new SessionInput(
      { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) },
      { idle: 60_000, signal: never },
    )
    expect(await broken.line()).toBeUndefined()
    expect(broken.end).toEqual({ error })
  })
})
