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
})
