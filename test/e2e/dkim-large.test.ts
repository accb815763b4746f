/**
 * A large message is signed on its way out of the queue, by the commands: nobody holds much of it in memory, and the
 * signature is that of what arrives.
 */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { verifyDkim } from '../helpers/dkim-verifier.ts'
import { openSite } from '../helpers/mail-site.ts'

const MEGABYTE = 1024 * 1024
const SIZE = 24 * MEGABYTE
/** What a command may hold, whatever the size of the message. */
const MOST_MEMORY = 150 * MEGABYTE
const PRELOAD = fileURLToPath(new URL('../helpers/report-memory.cjs', import.meta.url))
const HEADER =
  'From: a@s.ex\nTo: one@d.ex\nDate: Sat, 21 Nov 2026 20:12:00 +0000\nMessage-ID: <large@s.ex>\nSubject: large\n'

/** Each of them needs something of the signer: dots, blanks at line ends, empty lines; bytes over 127, which are encoded. */
const KINDS = {
  plain: ['', `.\n..two\n${'text  '.repeat(12)}\t \n\n\n${'0123456789'.repeat(7)}\n`],
  'with 8-bit text': [
    'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n',
    `gr\u00fc\u00dfe ${'text '.repeat(12)}\n\n`,
  ],
} as const

describe.skipIf(!existsSync('/proc/self/status'))('a large message that is signed', () => {
  it.each(Object.entries(KINDS))('%s, passes through the queue', async (_, [mime, block]) => {
    const site = await openSite()
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const keyFile = site.write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    site.configure({ dkim_domain: 's.ex', dkim_selector: 'x', dkim_key: keyFile })
    const file = join(site.directory, 'memory')
    const run = async (name: string, args: readonly string[], stdin?: Buffer): Promise<number> => {
      const env = { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`, MQ_TEST_MEMORY_FILE: file }
      const given = stdin === undefined ? {} : { stdin }
      const result = await site.run(name, args, { env, timeout: 240_000, ...given })
      expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
      return Number(readFileSync(file, 'utf8')) * 1024
    }
    const body = Buffer.from(block)
    const message = Buffer.concat([Buffer.from(`${HEADER}${mime}\n`), Buffer.alloc(SIZE, body)])
    expect(await run('mq-sendmail', ['-odq', '-i', '-f', 'a@s.ex', 'one@d.ex'], message)).toBeLessThan(
      MOST_MEMORY,
    )
    expect(await run('mq-run', [])).toBeLessThan(MOST_MEMORY)
    const [arrived, ...others] = site.received
    expect(others).toEqual([])
    expect(arrived?.data.length).toBeGreaterThan(SIZE)
    expect(verifyDkim(arrived?.data ?? Buffer.alloc(0), publicKey)).toBe('valid')
    const changed = Buffer.from(arrived?.data ?? '')
    changed.write('X', changed.length - 3)
    expect(verifyDkim(changed, publicKey)).toBe('the body was changed')
    expect(site.queue()).toEqual([])
  })
})
