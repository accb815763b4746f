/** A body that the file system stops taking in the middle is an error, never a shorter body. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle, source } from './bundle.ts'

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

const SALVAGE = `
import { BodyStore } from ${source('message/body-store.ts')}
import { buffer } from 'node:stream/consumers'
const body = Buffer.from(Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, index) => (index * 7) % 251))
const chunk = Number(process.argv[3])
const store = new BodyStore(process.argv[2])
let read = 0
try {
  while (read < body.length) {
    const next = body.subarray(read, read + chunk)
    read += next.length
    await store.append(next)
  }
  await store.finish()
} catch (error) {
  const content = store.salvage()
  const bytes = await buffer(content.stream())
  content.close()
  console.log(error.code, content.size === read, bytes.equals(body.subarray(0, read)))
}
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
    [3001, 100_003],
    [3001, 3 * 1024 * 1024],
    [8191, 65_536],
    [0, 65_536],
  ])('can be had back as far as it was read: limit %i, chunks of %i', (limit, chunk) => {
    const program = bundle(SALVAGE, directory)
    const limited = ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, program, directory]
    const out = execFileSync('sh', [...limited, String(chunk)], { encoding: 'utf8' })
    expect(out).toBe('QUEUE_IO true true\n')
    expect(readdirSync(directory).sort()).toEqual(['program.mjs', 'program.ts'])
  })
})
