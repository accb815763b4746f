/** Promises of src/cli/mail/mbox.ts with several processes, and with no room for the message. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundle, source } from '../../../helpers/bundle.ts'

let root: string
let program: string
let box: string

const PROGRAM = `
import { Readable } from 'node:stream'
import { appendMbox } from ${source('cli/mail/mbox.ts')}
import { bufferContent } from ${source('message/content.ts')}

const [path, name, kind] = process.argv.slice(2)
const head = Buffer.from('Subject: ' + name + '\\r\\n\\r\\n')
const line = Buffer.from(name.repeat(1000) + '\\r\\n')
const pieces = [head, ...Array.from({ length: 200 }, () => line)]
const size = Buffer.concat(pieces).length
const streamed = { size, bytes: undefined, stream: () => Readable.from(pieces), close: () => undefined }
const content = kind === 'large' ? streamed : bufferContent(Buffer.concat(pieces))
const how = { action: 'cannot keep it in', noLink: true, whenHeld: 'refuse', patience: 20_000 }
for (let count = 0; count < 10; count += 1) {
  await appendMbox(path, { content, sender: 's' }, how).catch((error) => {
    console.error(error.message)
    process.exit(1)
  })
}
`

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-mbox-'))
  program = bundle(PROGRAM, root)
})

beforeEach(() => {
  box = join(mkdtempSync(join(root, 'case-')), 'box')
})

afterAll(() => rmSync(root, { recursive: true }))

/** @returns what the process said on standard error */
async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'pipe'] })
  const chunks: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => child.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

describe('appending', () => {
  it.each(['small', 'large'])('keeps the %s messages of several processes apart', async (kind) => {
    const writers = ['1', '2', '3'].map((name) => run(process.execPath, [program, box, name, kind]))
    expect(await Promise.all(writers)).toEqual(['', '', ''])
    const messages = readFileSync(box, 'utf8')
      .split(/^From s .*\n/m)
      .slice(1)
    const whole = messages.filter((message) => /^Subject: (\d)\n\n(?:\1{1000}\n){200}\n$/.test(message))
    expect([messages.length, whole.length]).toEqual([30, 30])
    expect(readdirSync(join(box, '..'))).toEqual(['box'])
  })

  it.each(['small', 'large'])('leaves nothing of a %s message that there is no room for', async (kind) => {
    writeFileSync(box, 'old\n\n')
    const said = await run('sh', [
      '-c',
      `ulimit -f 100; exec "$@"`,
      'sh',
      process.execPath,
      program,
      box,
      '1',
      kind,
    ])
    expect(said).toBe(`cannot keep it in ${box}: EFBIG: file too large, write\n`)
    expect(readFileSync(box, 'utf8')).toBe('old\n\n')
    expect(readdirSync(join(box, '..'))).toEqual(['box'])
  })
})
