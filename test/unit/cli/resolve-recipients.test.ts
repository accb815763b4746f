/** Promises of src/cli/resolve-recipients.ts about one expander for all names of a call. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recipientExpander } from '../../../src/cli/resolve-recipients.ts'
import type { Setup } from '../../../src/cli/setup.ts'
import { configFromSettings } from '../../../src/config/settings.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mq-resolve-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

const silent = () => undefined

function setup(aliases: string, said: string[]): Setup {
  return {
    terminal: {
      program: 'mq-mail',
      args: [],
      env: {},
      interactive: false,
      shown: false,
      print: silent,
      guide: silent,
      printBytes: silent,
      complain: (line) => void said.push(line),
    },
    logName: 'mq-mail',
    caller: { user: 'ann', fullName: 'Ann A', host: 'pc', home: directory },
    config: configFromSettings({ qualify_domain: 'h.example', aliases, default_alias: true }),
  }
}

describe('an expander', () => {
  it('reads the aliases file once, for senders and recipients, and tells once what is wrong with it', async () => {
    const file = join(directory, 'aliases')
    writeFileSync(file, 'ops: one@x.example\n: nobody\ndefault: rest@x.example\n', { mode: 0o600 })
    const said: string[] = []
    const expand = recipientExpander(setup(file, said), {})
    expect((await expand(['ops', 'carl'], 'aliases')).recipients).toEqual(['one@x.example', 'carl@h.example'])
    rmSync(file)
    expect((await expand(['ops', 'carl'])).recipients).toEqual(['one@x.example', 'rest@x.example'])
    expect((await expand(['carl'], 'aliases')).recipients).toEqual(['carl@h.example'])
    expect(said).toHaveLength(1)
  })
})
