/** Files to be attached: what can be attached is read whole, and what cannot be is an error before anything is sent. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkFile, readAttachment } from '../../../../src/message/compose/attachment.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-attachment-'))
afterAll(() => rmSync(directory, { recursive: true }))

const at = (name: string): string => join(directory, name)

async function read(path: string): Promise<Buffer> {
  const content = await readAttachment(path, directory)
  try {
    const chunks: Buffer[] = []
    for await (const chunk of content.stream() as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    content.close()
  }
}

const MISSING = { name: 'MailError', code: 'INPUT_MISSING', exitCode: 66 }
const UNREADABLE = { name: 'MailError', code: 'INPUT_UNREADABLE', exitCode: 65 }

/** Does something again and again until a promise is settled. */
async function meanwhile(promise: Promise<unknown>, act: () => void): Promise<void> {
  const state = { settled: false }
  const end = (): void => void (state.settled = true)
  promise.then(end, end)
  while (!state.settled) {
    act()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('what cannot be attached', () => {
  symlinkSync(at('nowhere'), at('dangling'))
  symlinkSync(at('circle'), at('circle'))
  it.each<[string, string, string]>([
    ['a missing file', at('missing'), 'there is no such file'],
    ['a file below a file', '/etc/passwd/x', 'there is no such file'],
    ['a dangling link', at('dangling'), 'there is no such file'],
    ['a link to itself', at('circle'), 'its symbolic links lead in a circle'],
    ['a directory', directory, 'it is a directory'],
    ['a device', '/dev/null', 'it is neither a regular file nor a pipe'],
    ['an empty path', '', 'there is no such file'],
  ])('is told in one line: %s', async (_what, path, why) => {
    const message = `cannot attach "${path.slice(0, 100)}": ${why}; nothing was sent`
    expect(() => {
      checkFile(path)
    }).toThrow(expect.objectContaining({ ...MISSING, message }))
    await expect(readAttachment(path, directory)).rejects.toMatchObject({ ...MISSING, message })
  })

  it.skipIf(process.getuid?.() === 0)('is a file that may not be read', async () => {
    writeFileSync(at('secret'), 'x')
    chmodSync(at('secret'), 0)
    expect(() => {
      checkFile(at('secret'))
    }).toThrow(expect.objectContaining(MISSING))
    await expect(readAttachment(at('secret'), directory)).rejects.toMatchObject(MISSING)
  })

  it('is shown without anything that could control a terminal', () => {
    expect(() => {
      checkFile(at('\u001b[31m\n'))
    }).toThrow(/attachment-\w+\/\?\[31m\?": there is no such file/)
  })

  it('is a file whose reading fails', async () => {
    await expect(readAttachment('/proc/self/mem', directory)).rejects.toMatchObject(UNREADABLE)
  })

  it.each<[string, (path: string) => void]>([
    ['longer', (path) => appendFileSync(path, 'x')],
    ['shorter', (path) => truncateSync(path, statSync(path).size - 4096)],
  ])('is a file that becomes %s while it is read', async (_how, change) => {
    writeFileSync(at('changing'), Buffer.alloc(16 * 1024 * 1024))
    const reading = read(at('changing'))
    await meanwhile(reading, () => change(at('changing')))
    await expect(reading).rejects.toMatchObject({
      ...UNREADABLE,
      message: expect.stringContaining('it was changed while it was read') as unknown,
    })
  })

  it('is a file that cannot be copied', async () => {
    writeFileSync(at('large'), Buffer.alloc(3 * 1024 * 1024))
    await expect(readAttachment(at('large'), at('missing'))).rejects.toMatchObject({ temporary: true })
  })
})

describe('what is attached', () => {
  it('is read whole, however large, through links, and the check agrees', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'abc\r\n\0')
    writeFileSync(at('file'), bytes)
    symlinkSync(at('file'), at('link'))
    checkFile(at('link'))
    expect((await read(at('link'))).equals(bytes)).toBe(true)
  })

  it('may be empty', async () => {
    writeFileSync(at('empty'), '')
    checkFile(at('empty'))
    expect(await read(at('empty'))).toEqual(Buffer.alloc(0))
  })

  it('may be a file of the kernel, which does not know its size', async () => {
    checkFile('/proc/version')
    expect(await read('/proc/version')).toEqual(readFileSync('/proc/version'))
  })

  it('may be a pipe, which is waited for', async () => {
    execFileSync('mkfifo', [at('pipe')])
    checkFile(at('pipe'))
    const reading = read(at('pipe'))
    execFileSync('sh', ['-c', 'cat > "$1"', 'sh', at('pipe')], { input: 'one\ntwo\n' })
    expect(String(await reading)).toBe('one\ntwo\n')
  })
})
