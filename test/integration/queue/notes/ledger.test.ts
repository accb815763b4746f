/** The ledger: one order of lines for everybody, whoever dies at which moment and whatever the disk does. */
import {
  appendFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import type { Ledger, LedgerLine } from '../../../../src/queue/store.ts'
import { queueContents, temporaryQueue } from '../../../helpers/queue-dir.ts'

/** Keeps the sum of the numbers in the lines, and the lines that are none. */
function condense(lines: readonly LedgerLine[]): string[] {
  const sum = lines.reduce((total, line) => total + Number(/^\d+/.exec(line ?? '')?.[0] ?? 0), 0)
  return [`${sum} in all`]
}

async function site() {
  const queueDir = temporaryQueue()
  const queue = new MaildirQueue(queueDir)
  const open = async (): Promise<Ledger> => {
    const ledger = await queue.openLedger('x/y', condense)
    onTestFinished(() => ledger.close())
    return ledger
  }
  const notes = join(queueDir, 'notes')
  const file = (number: number) => join(notes, `ledger.x%2Fy.${number}`)
  return { queueDir, queue, open, notes, file }
}

const seal = (path: string): void => appendFileSync(path, '\nsealed;\n')

describe('a ledger', () => {
  it('gives each reader the lines of all in one order, each once', async () => {
    const { queue, open, queueDir } = await site()
    const [one, other] = [await open(), await open()]
    expect(one.exchange('1 a')).toEqual({ fresh: true, lines: ['1 a'] })
    expect(other.exchange('2 b')).toEqual({ fresh: true, lines: ['1 a', '2 b'] })
    expect(one.exchange('3 a')).toEqual({ fresh: false, lines: ['2 b', '3 a'] })
    await one.sync()
    expect(other.exchange()).toEqual({ fresh: false, lines: ['3 a'] })
    expect(await queue.readLedger('x/y')).toEqual(['1 a', '2 b', '3 a'])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('can be read when there is none, without being made', async () => {
    const { queue, queueDir } = await site()
    expect(await queue.readLedger('x/y')).toEqual([])
    expect(existsSync(queueDir)).toBe(false)
  })

  it('goes on in short when it has grown, for those who have it open too', async () => {
    const { open, notes, file } = await site()
    const [one, other] = [await open(), await open()]
    one.exchange('1 a')
    other.exchange()
    const text = 'x'.repeat(1000)
    let fresh = 0
    for (let count = 0; count < 300; count += 1) {
      if (one.exchange(`1 ${count} ${text}`).fresh) fresh += 1
    }
    expect(fresh).toBe(2)
    expect(statSync(file(3)).size).toBeLessThan(130 * 1024)
    expect(readdirSync(notes)).toEqual(['ledger.x%2Fy.3'])
    const { fresh: anew, lines } = other.exchange('5 b')
    expect(anew).toBe(true)
    expect(condense(lines)).toEqual(['306 in all'])
    expect(one.exchange()).toEqual({ fresh: false, lines: ['5 b'] })
  })

  it('writes a line again that came behind a seal', async () => {
    const { open, file } = await site()
    const [one, other] = [await open(), await open()]
    one.exchange('1 a')
    other.exchange('1 b')
    seal(file(1))
    // It is written behind the seal, which makes it void.
    expect(one.exchange('1 c')).toEqual({ fresh: true, lines: ['2 in all', '1 c'] })
    expect(other.exchange('1 d')).toEqual({ fresh: true, lines: ['2 in all', '1 c', '1 d'] })
  })

  it('is finished by the next one when a process died behind the seal, or before the old file was removed', async () => {
    const { open, file, notes } = await site()
    ;(await open()).exchange('7 a')
    seal(file(1))
    expect((await open()).exchange()).toEqual({ fresh: true, lines: ['7 in all'] })
    linkSync(file(2), file(1))
    expect((await open()).exchange('1 b')).toEqual({ fresh: true, lines: ['7 in all', '1 b'] })
    expect(readdirSync(notes)).toEqual(['ledger.x%2Fy.2'])
  })

  it('does not go back to an old file whose successor has been replaced itself', async () => {
    const { open } = await site()
    const [slow, fast] = [await open(), await open()]
    slow.exchange('1 a')
    fast.exchange('1 b')
    for (let count = 0; count < 5; count += 1) fast.renew()
    fast.exchange('1 c')
    expect(slow.exchange('1 d')).toEqual({ fresh: true, lines: ['2 in all', '1 c', '1 d'] })
  })

  it('takes a line that was cut off by a full disk for damaged, and no other', async () => {
    const { open, file } = await site()
    const ledger = await open()
    ledger.exchange('1 a')
    appendFileSync(file(1), '\n12')
    expect(ledger.exchange()).toEqual({ fresh: false, lines: [] })
    expect(ledger.exchange('1 b')).toEqual({ fresh: false, lines: [undefined, '1 b'] })
    appendFileSync(file(1), Buffer.concat([Buffer.alloc(4096), Buffer.from('\n\xff\xfe;\n', 'latin1')]))
    expect(ledger.exchange('1 c')).toEqual({ fresh: false, lines: [undefined, undefined, '1 c'] })
  })

  it('begins anew when it was removed or cut short by hand', async () => {
    const { open, file } = await site()
    const ledger = await open()
    ledger.exchange('1 a')
    rmSync(file(1))
    expect(ledger.exchange('2 a')).toEqual({ fresh: true, lines: ['2 a'] })
    truncateSync(file(1), 0)
    expect(() => ledger.exchange('3 a')).toThrow('cannot keep the ledger of x/y')
    expect(ledger.exchange('4 a')).toEqual({ fresh: true, lines: ['3 a', '4 a'] })
  })

  it('is refused when it is no regular file', async () => {
    const { open, file, queueDir } = await site()
    const ledger = await open()
    writeFileSync(join(queueDir, 'victim'), 'precious')
    symlinkSync(join(queueDir, 'victim'), file(1))
    expect(() => ledger.exchange('1 a')).toThrow('cannot keep the ledger of x/y')
    expect(readFileSync(join(queueDir, 'victim'), 'utf8')).toBe('precious')
  })
})

describe('whoever looks before each message', () => {
  it('sees a ledger that was made since, and one that goes on in another file', async () => {
    const { queue, open } = await site()
    const ledger = await open()
    ledger.exchange('1 a')
    expect(await queue.readLedger('x/y')).toEqual(['1 a'])
    expect(await queue.readLedger('other')).toEqual([])
    const other = await queue.openLedger('other', condense)
    other.exchange('2 b')
    other.close()
    expect(await queue.readLedger('other')).toEqual(['2 b'])
    ledger.renew()
    expect(await queue.readLedger('x/y')).toEqual(['1 in all'])
  })
})
