/** A message that the file system stops taking in the middle is an error, and nothing of it stays open. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle, source } from '../../../helpers/bundle.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-compose-'))
afterAll(() => rmSync(directory, { recursive: true }))

const PROGRAM = `
import { readdirSync, readlinkSync } from 'node:fs'
import { composeMail } from ${source('message/compose/compose.ts')}
const [, , directory, path] = process.argv
const parts = { from: 'a@x.org', to: ['b@x.org'], cc: [], headers: [], date: 0, messageId: '<id@x.org>' }
// It takes nearly all the room there is, so that the message fails early in the first attachment.
const body = Buffer.alloc(2_400_000, 'hello\\n')
const attachments = [{ path }, { path }]
let result = 'composed'
try {
  const content = await composeMail({ ...parts, body, attachments }, directory)
  content.close()
} catch (error) {
  result = error.code
}
const target = (fd) => {
  try {
    return readlinkSync('/proc/self/fd/' + fd)
  } catch {
    return ''
  }
}
const open = () => readdirSync('/proc/self/fd').map(target).filter((path) => path.startsWith(directory))

console.log(result, open().length)
`

describe('a message that is larger than files may be', () => {
  it.runIf(process.platform === 'linux')('is refused as a whole, and its attachments are closed', () => {
    const program = bundle(PROGRAM, directory)
    const attached = join(directory, 'attached')
    writeFileSync(attached, Buffer.alloc(3 * 1024 * 1024, 'x'))
    const run = (limit: string) =>
      execFileSync(
        'sh',
        ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, program, directory, attached],
        { encoding: 'utf8' },
      )
    expect(run('unlimited')).toBe('composed 0\n')
    // In blocks of 512 octets: the copy of the file fits, the message with it does not.
    expect(run('6200')).toBe('QUEUE_IO 0\n')
    expect(readdirSync(directory).sort()).toEqual(['attached', 'program.mjs', 'program.ts'])
  })
})
