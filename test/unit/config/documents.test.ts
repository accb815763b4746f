/** The example file, the manual page and docs/configuration.md say what the options table says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { OPTIONS } from '../../../src/config/options.ts'
import type { Option } from '../../../src/config/options/option.ts'
import { scratch } from './scratch.ts'

const root = join(import.meta.dirname, '../../..')
const text = (name: string): string => readFileSync(join(root, name), 'utf8')
const rows = Object.values<Option<unknown>>(OPTIONS)
const names = rows.map((option) => option.name)
/** Places for a secret, of which there is one. */
const OTHER_SOURCES = /^#(?=(?:password_|oauth2_|webhook_secret_)\w+ = )/gm

/** The default as the documents write it. */
function defaultWords(option: Option<unknown>): string {
  if (option.defaultNote !== undefined) return option.defaultNote
  if (option.default === undefined) return 'not set'
  return option.kind.format(option.default) || 'none'
}

describe('mailqueue.conf.example', () => {
  const example = text('mailqueue.conf.example')
  const lines = example.split('\n')

  it('has every option once, commented out, and no other', () => {
    const found = lines.flatMap((line) => /^#(\w+) = /.exec(line)?.[1] ?? [])
    expect(found.toSorted()).toEqual(names.toSorted())
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual(['[mailqueue]'])
  })

  it.each(rows)('explains $name and gives its default', (option) => {
    const at = lines.findIndex((line) => line.startsWith(`#${option.name} = `))
    const above = lines.slice(at - 2, at).join('\n')
    expect(above).toContain(`# ${option.doc}`)
    const value = lines[at]?.slice(option.name.length + 4)
    if (option.default === undefined) expect(above).toContain(`# Default: ${defaultWords(option)}.`)
    else if (!above.includes(`# Default: ${defaultWords(option)}.`)) expect(value).toBe(defaultWords(option))
  })

  it('loads as it is, and with every option set that can be set beside a password', async () => {
    const one = example.replaceAll(OTHER_SOURCES, '# ')
    // these take the place of others
    const all = one.replaceAll(/^#(?!socket|tls_fingerprint)(\w+ = |\[)/gm, '$1')
    const others = example.replaceAll(/^#((?:socket|tls_fingerprint|smtp_username|smtp_password) = )/gm, '$1')
    const files = { 'a.conf': example, 'b.conf': all, 'c.conf': others }
    const folder = scratch(files)
    const request = {
      env: {},
      home: '/home/ann',
      identity: { user: 'ann', host: 'pc', fullName: 'Ann' },
      complain: () => undefined,
    }
    expect((await loadConfig({ ...request, file: join(folder, 'a.conf') })).smtp).toBeUndefined()
    const config = await loadConfig({ ...request, file: join(folder, 'b.conf') })
    expect(config).toMatchObject({
      queueDir: '/var/spool/mailqueue/queue',
      from: 'ann@pc',
      plugins: [`${folder}/plugins/*.mjs`],
    })
    expect(config.smtp).toMatchObject({
      host: 'mail.site.example',
      port: 587,
      password: 'secret',
      tls: 'verify',
    })
    const { smtp } = await loadConfig({ ...request, file: join(folder, 'c.conf') })
    expect(smtp).toMatchObject({ socket: '/run/lmtp.socket', tls: 'pin' })
  })
})

describe('mailqueue.conf(5)', () => {
  const page = text('man/mailqueue.conf.5')
  const items = new Map<string, string>()
  for (const list of page.matchAll(/^\.Bl -tag -width Ds\n(.*?)\n\.El\n(?=\.S)/gms)) {
    for (const item of (list[1] ?? '')
      .replaceAll(/^\.Bl -tag.*?\n\.El$/gms, '')
      .split(/^\.It Cm /m)
      .slice(1)) {
      items.set(item.slice(0, item.indexOf('\n')), `${item}\n`)
    }
  }

  it('lists every option and no other', () => {
    expect([...items.keys()].toSorted()).toEqual(names.toSorted())
  })

  it.each(rows)('explains $name with its other names and its default', (option) => {
    const item = items.get(option.name)
    expect(item).toContain(`\n${option.doc}\n`)
    expect(item).toContain(`\nDefault: ${defaultWords(option)}.\n`)
    for (const alias of option.aliases ?? []) expect(item).toContain(`\nAlso called\n.Cm ${alias} .\n`)
  })
})

describe('docs/configuration.md', () => {
  const rowsOf = text('docs/configuration.md').matchAll(/^\| `(\w+)`(.*)$/gm)
  const found = new Map([...rowsOf].map(([, name = '', rest = '']) => [name, rest]))

  it('lists every option and no other', () => {
    expect([...found.keys()].toSorted()).toEqual(names.toSorted())
  })

  it.each(rows)('explains $name with its other names and its default', (option) => {
    const aliases = (option.aliases ?? []).map((alias) => ` (\`${alias}\`)`).join('')
    expect(found.get(option.name)).toBe(`${aliases} | ${option.doc} | ${defaultWords(option)} |`)
  })
})
