/** What is asked for about a named recipient holds for everybody in its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Terminal } from '../../../src/cli/exit.ts'
import { resolveRecipients } from '../../../src/cli/resolve-recipients.ts'
import { setUp } from '../../../src/cli/setup.ts'
import type { RecipientRequest } from '../../../src/message/envelope.ts'

const ALIASES = 'root: joe, boss@d.ex\nops: root, ops@d.ex\ngone: /dev/null\n'
const ROOT = { notify: ['success'], original: 'rfc822;root@h.example' } as const
const NEVER = { notify: ['never'] } as const

async function resolved(
  recipients: readonly string[],
  asked: readonly (readonly [string, RecipientRequest])[],
) {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-resolve-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const config = join(directory, 'conf')
  writeFileSync(
    config,
    `[mailqueue]\nqualify_domain = h.example\naliases = ${join(directory, 'aliases')}\n`,
    {
      mode: 0o600,
    },
  )
  writeFileSync(join(directory, 'aliases'), ALIASES)
  const silent = () => undefined
  const terminal: Terminal = {
    program: 'mq-sendmail',
    args: [],
    env: {},
    interactive: false,
    shown: false,
    print: silent,
    printBytes: silent,
    complain: silent,
  }
  const setup = await setUp(terminal, { config })
  const result = await resolveRecipients(setup, { recipients, problems: [] }, { requests: new Map(asked) })
  return { recipients: result.recipients, requests: [...result.requests] }
}

it('what is asked for about a recipient without an alias stays his', async () => {
  const asked = [
    ['jim', NEVER],
    ['a@d.ex', ROOT],
    ['nobody@d.ex', ROOT],
  ] as const
  expect(await resolved(['jim', 'a@d.ex', 'b@d.ex'], asked)).toEqual({
    recipients: ['jim@h.example', 'a@d.ex', 'b@d.ex'],
    requests: [
      ['jim@h.example', NEVER],
      ['a@d.ex', ROOT],
    ],
  })
})

it('what is asked for about an alias goes over to all in its place, the first who leads to one deciding', async () => {
  const asked = [
    ['root', ROOT],
    ['ops', NEVER],
    ['gone', ROOT],
    ['boss@d.ex', NEVER],
  ] as const
  expect(await resolved(['root', 'ops', 'gone', 'boss@d.ex'], asked)).toEqual({
    recipients: ['joe@h.example', 'boss@d.ex', 'ops@d.ex'],
    requests: [
      ['joe@h.example', ROOT],
      ['boss@d.ex', ROOT],
      ['ops@d.ex', NEVER],
    ],
  })
})

it('who named an address first without asking for anything asks for the usual', async () => {
  expect(await resolved(['root', 'boss@d.ex'], [['boss@d.ex', NEVER]])).toEqual({
    recipients: ['joe@h.example', 'boss@d.ex'],
    requests: [],
  })
})
