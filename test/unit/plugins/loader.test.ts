/** Promises of src/plugins/loader.ts: what is loaded, in what order, and that a bad plug-in is only left out. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nullLogger, type LogFields } from '../../../src/logging/logger.ts'
import { noPlugins, type PluginEvent, type PluginHooks } from '../../../src/plugins/contract.ts'
import { loadPlugins } from '../../../src/plugins/loader.ts'

const EXAMPLE = fileURLToPath(new URL('../../fixtures/plugins/give-up-after-ten.mjs', import.meta.url))

let root: string
let complaints: string[]
let logged: LogFields[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-plugins-'))
  complaints = []
  logged = []
})

afterEach(() => rmSync(root, { recursive: true }))

const put = (name: string, source: string): string => {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  writeFileSync(path, source, { mode: 0o644 })
  return path
}

const answering = (name: string, answer: string): string =>
  `export default { name: '${name}', setup: (api) => api.on('failed', () => '${answer}') }\n`

const loadWithin = (limit: number, specifiers: readonly string[]): Promise<PluginHooks> =>
  loadPlugins(specifiers, {
    baseDirectory: root,
    log: { ...nullLogger, error: (event, fields) => void logged.push({ event, ...fields }) },
    complain: (line) => complaints.push(line),
    limit,
  })

const load = (...specifiers: string[]): Promise<PluginHooks> => loadWithin(10_000, specifiers)

const eventAfter = (retries: number): PluginEvent => ({
  message: {
    envelope: { sender: '', recipients: ['b@site.example'] },
    queueId: 'q',
    retries,
    body: () => Readable.from([]),
  },
  result: [],
})

/** The names that the handlers of "failed" answer with, in their order: an unknown answer is quoted in the log. */
const order = async (hooks: PluginHooks): Promise<string[]> => {
  await hooks.emit('failed', eventAfter(1))
  return logged.map(({ reason }) => /returned "(.*)";/.exec(String(reason))?.[1] ?? String(reason))
}

describe('loadPlugins', () => {
  it('runs the example that gives a message up after ten failed attempts', async () => {
    const hooks = await load(EXAMPLE)
    expect(await hooks.emit('delivery_failed', eventAfter(10))).toBeUndefined()
    expect(await hooks.emit('delivery_failed', eventAfter(11))).toBe('discard')
    expect(await hooks.emit('delivery_successful', eventAfter(11))).toBeUndefined()
    expect(complaints).toEqual([])
  })

  it('finds paths, globs and packages from the base directory and keeps the order given', async () => {
    put('z.mjs', answering('z', 'Z'))
    put('many/b.mjs', answering('b', 'B'))
    put('many/a.mjs', answering('a', 'A'))
    put('node_modules/old/package.json', '{"main":"main.mjs"}')
    put('node_modules/old/main.mjs', answering('old', 'OLD'))
    put('node_modules/@x/new/package.json', '{"exports":{".":{"types":"./t.d.ts","import":"./m.mjs"}}}')
    put('node_modules/@x/new/m.mjs', answering('new', 'NEW'))
    const hooks = await load('@x/new', './z.mjs', 'many/*.mjs', 'old', 'z.mjs')
    expect(complaints).toEqual([])
    expect(await order(hooks)).toEqual(['NEW', 'Z', 'A', 'B', 'OLD'])
  })

  it('is the empty set of hooks when nothing is configured or nothing matches', async () => {
    expect(await load()).toBe(noPlugins)
    expect(await load('none/*.mjs')).toBe(noPlugins)
    expect(complaints).toEqual([])
  })

  it.each([
    ['throws when imported', 'throw new Error("boom")', 'boom'],
    ['is no JavaScript', 'export default {', 'going on without it'],
    ['has no default export', 'export const name = "x"', 'its default export is no object with a name'],
    ['has no name', 'export default { setup() {} }', 'its default export is no object with a name'],
    ['throws in setup', 'export default { name: "x", setup() { throw new Error("bad day") } }', 'bad day'],
    [
      'subscribes to no signal',
      'export default { name: "x", setup(a) { a.on("sent", () => {}) } }',
      'no signal "sent"',
    ],
    [
      'subscribes no function',
      'export default { name: "x", setup(a) { a.on("queued") } }',
      'is not a function',
    ],
  ])('leaves out a plug-in that %s and loads the next', async (_what, source, reason) => {
    const bad = put('bad.mjs', source)
    put('good.mjs', answering('good', 'hold'))
    const hooks = await load('./bad.mjs', './good.mjs')
    expect(await hooks.emit('failed', eventAfter(1))).toBe('hold')
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(`cannot load the plug-in ${bad}: `)
    expect(complaints[0]).toContain(reason)
    expect(complaints[0]).not.toContain('\n')
    expect(logged).toMatchObject([{ event: 'plugin.failed', plugin: bad }])
  })

  it('drops what a plug-in subscribed before its setup threw', async () => {
    put(
      'half.mjs',
      'export default { name: "h", setup(a) { a.on("failed", () => "discard"); throw new Error("x") } }',
    )
    const hooks = await load('./half.mjs')
    expect(await hooks.emit('failed', eventAfter(1))).toBeUndefined()
  })

  it('leaves out a plug-in whose setup never ends', async () => {
    put('slow.mjs', 'export default { name: "slow", setup: () => new Promise(() => {}) }')
    expect(await loadWithin(30, ['./slow.mjs'])).toBe(noPlugins)
    expect(complaints).toEqual([expect.stringContaining('slow.mjs: no answer within 0.03 s; going on')])
  })

  it('says what is wrong with a path or package that does not exist, and with a directory', async () => {
    mkdirSync(join(root, 'dir'))
    expect(await load('./none.mjs', 'no-such-package', './dir')).toBe(noPlugins)
    expect(complaints).toEqual([
      expect.stringContaining('cannot load the plug-in ./none.mjs: ENOENT'),
      expect.stringContaining(`no-such-package: no such file or package, looked from ${root}`),
      expect.stringContaining('it is a directory'),
    ])
  })
})

describe('the check of owner and mode', () => {
  it.each([0o664, 0o646])('refuses a module file with mode %o', async (mode) => {
    const path = put('open.mjs', answering('open', 'discard'))
    chmodSync(path, mode)
    expect(await load('./open.mjs')).toBe(noPlugins)
    expect(complaints).toEqual([
      `cannot load the plug-in ${path}: refused, ${path} is writable by group or others; chmod go-w it; going on without it`,
    ])
  })

  it('refuses a module in a directory that others can write', async () => {
    put('sub/ok.mjs', answering('ok', 'discard'))
    chmodSync(join(root, 'sub'), 0o777)
    expect(await load('./sub/ok.mjs')).toBe(noPlugins)
    expect(complaints[0]).toContain(`${join(root, 'sub')} is writable by group or others`)
  })
})
