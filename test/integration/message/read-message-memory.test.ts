/** Reading a large message needs no more memory than a small one. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle, source } from '../../helpers/bundle.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-memory-'))
afterAll(() => rmSync(directory, { recursive: true }))

const MEGABYTE = 1024 * 1024

/** Reads 192 MB from a generator, streams them again, and prints how far the resident memory grew at most. */
const PROGRAM = `
import { joinContent } from ${source('message/content.ts')}
import { readMessage } from ${source('message/read-message.ts')}
const line = 'x'.repeat(63) + '\\n'
let peak = 0
const look = () => { peak = Math.max(peak, process.memoryUsage().rss) }
async function* input() {
  yield Buffer.from('Subject: large\\n\\n')
  for (let count = 0; count < 192 * 16; count += 1) { look(); yield Buffer.alloc(65536, line) }
}
const before = process.memoryUsage().rss
const { body } = await readMessage(input(), { dotEnds: true, spillDirectory: process.argv[2] })
let streamed = 0
for await (const chunk of joinContent(Buffer.from('X: 1\\r\\n\\r\\n'), body).stream()) { look(); streamed += chunk.length }
console.log([body.size, streamed, peak - before].join(' '))
`

describe('readMessage', () => {
  it('holds far less than a large message in memory', () => {
    const output = execFileSync(process.execPath, [bundle(PROGRAM, directory), directory], {
      encoding: 'utf8',
    })
    const [size, streamed, growth] = output.split(' ').map(Number)
    expect(size).toBe((192 * MEGABYTE * 65) / 64)
    expect(streamed).toBe((192 * MEGABYTE * 65) / 64 + 8)
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })
})
