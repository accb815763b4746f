/** What MAIL and RCPT say, and the envelope it makes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Terminal } from '../../../../src/cli/exit.ts'
import { setUp } from '../../../../src/cli/setup.ts'
import { formatReply, RefusedCommand } from '../../../../src/cli/smtp-session/reply.ts'
import {
  addRecipient,
  openTransaction,
  transactionEnvelope,
} from '../../../../src/cli/smtp-session/transaction.ts'

type Call = Parameters<typeof openTransaction>[2]

const ALIASES = 'root: joe, boss@d.ex\nops: root, ops@d.ex\ngone: /dev/null\nleft: :fail: no longer here\n'
const NO_OPTIONS: Call = {}
const NEVER = { notify: ['never'] }

async function opened({ aliases = ALIASES, mail = 'FROM:<a@s.ex>', call = NO_OPTIONS } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-transaction-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const [config, table] = [join(directory, 'conf'), join(directory, 'aliases')]
  writeFileSync(config, `[mailqueue]\nqualify_domain = h.example\naliases = ${table}\n`, { mode: 0o600 })
  writeFileSync(table, aliases)
  const told: string[] = []
  const silent = () => undefined
  const terminal: Terminal = {
    program: 'mq-sendmail',
    args: [],
    env: {},
    interactive: false,
    shown: false,
    print: silent,
    guide: silent,
    printBytes: silent,
    complain: (line) => told.push(line),
  }
  const setup = await setUp(terminal, { config })
  const transaction = openTransaction(setup, mail, call)
  const rcpt = async (text: string): Promise<string> => {
    try {
      return formatReply(await addRecipient(setup, transaction, `TO:${text}`)).trimEnd()
    } catch (error) {
      if (error instanceof RefusedCommand) return formatReply(error.reply).trimEnd()
      throw error
    }
  }
  const named = async (...texts: string[]) => {
    for (const text of texts) expect(await rcpt(text)).toBe('250 2.1.5 Ok')
    const made = transactionEnvelope(transaction)
    return [made?.recipients, [...(made?.reports?.recipients ?? [])]]
  }
  return { table, told, transaction, rcpt, named }
}

describe('the aliases', () => {
  it('are read once, and their bad lines are told once and to no client', async () => {
    const { table, told, rcpt } = await opened({ aliases: `no colon here\n${ALIASES}` })
    expect(await rcpt('<left>')).toBe('550 5.1.1 left: alias left: no longer here')
    writeFileSync(table, '')
    expect(await rcpt('<left>')).toBe('550 5.1.1 left: alias left: no longer here')
    expect(await rcpt('<root>')).toBe('250 2.1.5 Ok')
    const reason = 'left: alias left: no longer here'
    expect(told).toEqual([expect.stringMatching(/aliases:1: no colon /), reason, reason])
  })

  it('that cannot be read concern local names only, and are tried again with the next', async () => {
    const { table, told, rcpt } = await opened()
    rmSync(table)
    await expect(rcpt('<root>')).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(await rcpt('<one@d.ex>')).toBe('250 2.1.5 Ok')
    writeFileSync(table, ALIASES)
    expect(await rcpt('<root>')).toBe('250 2.1.5 Ok')
    expect(told).toEqual([])
  })
})

describe('what is asked for about a recipient', () => {
  it('holds for everybody in his place', async () => {
    const { named } = await opened()
    expect(
      await named('<jim> NOTIFY=NEVER', '<root> NOTIFY=NEVER', '<gone> NOTIFY=NEVER', '<b@d.ex>'),
    ).toEqual([
      ['jim@h.example', 'joe@h.example', 'boss@d.ex', 'b@d.ex'],
      [
        ['jim@h.example', NEVER],
        ['joe@h.example', NEVER],
        ['boss@d.ex', NEVER],
      ],
    ])
  })

  it('counts where he is named first', async () => {
    const { named } = await opened()
    const texts = ['<root> NOTIFY=DELAY', '<ops> NOTIFY=NEVER', '<boss@d.ex> NOTIFY=NEVER'] as const
    expect(await named(...texts)).toEqual([
      ['joe@h.example', 'boss@d.ex', 'ops@d.ex'],
      [
        ['joe@h.example', { notify: ['delay'] }],
        ['boss@d.ex', { notify: ['delay'] }],
        ['ops@d.ex', NEVER],
      ],
    ])
  })

  it('is the usual for who is named first without a word, however he is written later', async () => {
    const { named } = await opened()
    expect(await named('<boss@d.ex>', '<boss@D.EX> NOTIFY=NEVER', '<ops> NOTIFY=NEVER')).toEqual([
      ['boss@d.ex', 'joe@h.example', 'ops@d.ex'],
      [
        ['joe@h.example', NEVER],
        ['ops@d.ex', NEVER],
      ],
    ])
  })
})

it('no more than 10000 recipients are taken', async () => {
  const { transaction, rcpt } = await opened()
  const one = { addresses: ['one@d.ex'], request: {} }
  transaction.named.push(...Array.from({ length: 9_999 }, () => one))
  expect(await rcpt('<two@d.ex>')).toBe('250 2.1.5 Ok')
  expect(await rcpt('<three@d.ex>')).toMatch(/^452 4\.5\.3 too many recipients/)
  expect(transactionEnvelope(transaction)?.recipients).toEqual(['one@d.ex', 'two@d.ex'])
})

describe('the body type', () => {
  it.each([
    ['FROM:<a@s.ex>', undefined],
    ['FROM:<a@s.ex> BODY=8BITMIME', '8bitmime'],
  ])('of %s is %s', async (mail, body) => {
    expect((await opened({ mail })).transaction.body).toBe(body)
  })

  it.each([
    ['FROM:<a@s.ex>', '8bitmime'],
    ['FROM:<a@s.ex> BODY=7BIT', undefined],
  ])('of %s with -B8BITMIME is %s', async (mail, body) => {
    expect((await opened({ mail, call: { body: '8bitmime' } })).transaction.body).toBe(body)
  })
})
