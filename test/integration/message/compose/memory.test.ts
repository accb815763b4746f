/** Composing with a large attachment and a large body needs no more memory than a small mail has room for. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle, source } from '../../../helpers/bundle.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-compose-'))
afterAll(() => rmSync(directory, { recursive: true }))

const MEGABYTE = 1024 * 1024
const SIZE = 112 * MEGABYTE
/** The program itself takes 60 MB, and as much again is what the garbage collector has not come to yet. */
const MOST = 155 * MEGABYTE

/** Composes as told by its arguments and prints the size of the message, and the most memory it held. */
const PROGRAM = `
import { readFileSync } from 'node:fs'
import { composeMail } from ${source('message/compose/compose.ts')}
import { readAttachment } from ${source('message/compose/attachment.ts')}
const [directory, what, path] = process.argv.slice(2)
const attached = what === 'attachment'
const content = await composeMail({
  from: 'a@x.org', to: ['b@x.org'], cc: [], headers: [], date: 0, messageId: '<i@x.org>',
  body: attached ? Buffer.from('see below\\n') : await readAttachment(path, directory),
  attachments: attached ? [{ path, encoding: 'base64' }] : [],
}, directory)
let size = 0
for await (const chunk of content.stream()) size += chunk.length
const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]
console.log(JSON.stringify({ size, counted: content.size, peak: Number(peak) * 1024 }))
`

/** A file of 112 MB made of one line again and again. */
function largeFile(name: string, line: Buffer): string {
  const path = join(directory, name)
  const fd = openSync(path, 'w')
  const block = Buffer.alloc(MEGABYTE, line)
  for (let written = 0; written < SIZE; written += MEGABYTE) writeSync(fd, block)
  closeSync(fd)
  return path
}

describe('composeMail', () => {
  const program = bundle(PROGRAM, directory)
  const ascii = Buffer.from(`${'x'.repeat(63)}\n`)
  const latin = Buffer.from(`caf\xe9 ${'x'.repeat(58)}\n`, 'latin1')
  const long = Buffer.alloc(64, 'y')
  it.each<[string, string, Buffer, number]>([
    ['an attachment', 'attachment', ascii, (SIZE * 4 * 78) / 3 / 76],
    ['a body of short lines', 'body', ascii, (SIZE * 65) / 64],
    ['a body that has to be encoded', 'body', latin, (SIZE * 67) / 64],
    ['a body of one line', 'body', long, (SIZE * 78) / 75],
  ])('holds little of %s of 112 MB in memory', (what, kind, line, size) => {
    const path = largeFile(what.replaceAll(' ', '-'), line)
    const output = execFileSync(process.execPath, [program, directory, kind, path], { encoding: 'utf8' })
    const result = JSON.parse(output) as { size: number; counted: number; peak: number }
    rmSync(path)
    expect(result.counted).toBe(result.size)
    expect(Math.abs(result.size - size)).toBeLessThan(0.02 * SIZE)
    expect(result.peak).toBeLessThan(MOST)
    expect(readdirSync(directory).filter((name) => name.startsWith('body.'))).toEqual([])
  })
})
