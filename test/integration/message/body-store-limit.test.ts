/** A body that the file system stops taking in the middle is an error, never a shorter body. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle, source } from '../../helpers/bundle.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-limit-'))
afterAll(() => rmSync(directory, { recursive: true }))

const PROGRAM = `
import { readMessage } from ${source('message/read-message.ts')}
const body = Buffer.alloc(3 * 1024 * 1024, 'x\\n')
try {
  const message = await readMessage(body, { dotEnds: false, spillDirectory: process.argv[2] })
  console.log('read', message.body.size)
} catch (error) {
  console.log(error.code, error.details.errno)
}
`

/** Appends until that fails, then asks for what there is. */
const HALF = `
import { readdirSync, readlinkSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { BodyStore } from ${source('message/body-store.ts')}
const [directory, size, then] = process.argv.slice(2)
const body = Buffer.from(Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, index) => (index * 7) % 251))
const store = new BodyStore(directory)
const errors = []
let read = 0
while (read < body.length && errors.length === 0) {
  const chunk = body.subarray(read, read + Number(size))
  read += chunk.length
  await store.append(chunk).catch((error) => errors.push(error.details.errno))
}
if (then === 'finish') await store.finish().catch((error) => errors.push(error.details.errno))
const content = store.rest()
const kept = await buffer(content.stream())
console.log(errors.join(), content.size === kept.length, kept.equals(body.subarray(0, read)))
content.close()
console.log(readdirSync('/proc/self/fd').filter((fd) => {
  try { return readlinkSync('/proc/self/fd/' + fd).startsWith(directory) } catch { return false }
}).length)
`

describe('a body that is larger than files may be', () => {
  it.runIf(process.platform === 'linux')('is refused as a whole and leaves nothing behind', () => {
    const program = bundle(PROGRAM, directory)
    const run = (limit: string) =>
      execFileSync('sh', ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, program, directory], {
        encoding: 'utf8',
      })
    expect(run('unlimited')).toBe(`read ${4.5 * 1024 * 1024}\n`)
    expect(run('3001')).toBe('QUEUE_IO EFBIG\n')
    expect(readdirSync(directory).sort()).toEqual(['program.mjs', 'program.ts'])
  })

  it.runIf(process.platform === 'linux').each([
    ['append', 3001, 100_003, 'EFBIG true true'],
    ['append', 3001, 5 * 1024 * 1024, 'EFBIG true true'],
    ['append', 0, 65_536, 'EFBIG true true'],
    ['finish', 3001, 65_536, 'EFBIG,EFBIG true true'],
    ['finish', 10_239, 65_536, 'EFBIG true true'],
  ])(
    'can be had as far as it was read, each octet once, behind a failed %s: limit %i, chunks of %i',
    (then, limit, chunk, said) => {
      const program = bundle(HALF, directory)
      const words = [process.execPath, program, directory, String(chunk), then]
      const script = `ulimit -f ${limit}; exec "$0" "$@"`
      expect(execFileSync('sh', ['-c', script, ...words], { encoding: 'utf8' })).toBe(`${said}\n0\n`)
      expect(readdirSync(directory).sort()).toEqual(['program.mjs', 'program.ts'])
    },
  )
})
