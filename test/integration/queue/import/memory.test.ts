/** Importing a large message needs no more memory than a small one. */
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundle, source } from '../../../helpers/bundle.ts'
import { queueOf, scratch } from './files.ts'

const MEGABYTE = 1024 * 1024
const SIZE = 128

/** Imports all of a queue and prints the octets that came out and how far the resident memory grew at most. */
const PROGRAM = `
import { readForeign } from ${source('queue/import/read-foreign.ts')}
let peak = 0
const look = () => { peak = Math.max(peak, process.memoryUsage().rss) }
const before = process.memoryUsage().rss
const timer = setInterval(look, 5)
let streamed = 0
for await (const { content } of readForeign(process.argv[2], 'zope', { spillDirectory: process.argv[3] })) {
  for await (const chunk of content.stream()) { look(); streamed += chunk.length }
  content.close()
}
clearInterval(timer)
console.log([streamed, peak - before].join(' '))
`

describe('readForeign', () => {
  it('holds far less than a large message in memory', () => {
    const queue = queueOf({ 'new/m': 'X-Zope-From: a@x\nX-Zope-To: b@x\nSubject: s\n\n' })
    const block = Buffer.alloc(MEGABYTE, `${'x'.repeat(63)}\n`)
    for (let count = 0; count < SIZE; count += 1) appendFileSync(join(queue, 'new/m'), block)
    const directory = scratch()
    const output = execFileSync(process.execPath, [bundle(PROGRAM, directory), queue, directory], {
      encoding: 'utf8',
    })
    const [streamed, growth] = output.split(' ').map(Number)
    expect(streamed).toBe('Subject: s\r\n\r\n'.length + (SIZE * MEGABYTE * 65) / 64)
    expect(growth).toBeLessThan(110 * MEGABYTE)
  })
})
