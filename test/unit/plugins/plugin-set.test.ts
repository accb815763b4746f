/** Promises of src/plugins/loader.ts: what plug-ins have opened is ended, and what stays is not set up again. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nullLogger, type LogFields } from '../../../src/logging/logger.ts'
import { noPlugins, type PluginEvent } from '../../../src/plugins/contract.ts'
import { loadPlugins, PluginSet, type PluginContext } from '../../../src/plugins/loader.ts'

declare global {
  var told: string[]
  var gate: Promise<void>
}

let root: string
let complaints: string[]
let logged: LogFields[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-plugins-'))
  complaints = []
  logged = []
  globalThis.told = []
})

afterEach(() => rmSync(root, { recursive: true }))

const context = (limit = 10_000): PluginContext => ({
  baseDirectory: root,
  log: { ...nullLogger, error: (event, fields) => void logged.push({ event, ...fields }) },
  complain: (line) => complaints.push(line),
  limit,
})

/** Writes a plug-in as an editor does: in one step, so that it is another file. */
function put(name: string, setup: string): void {
  const path = join(root, `${name}.mjs`)
  const source = `export default { name: '${name}', setup: async (api) => { ${setup} } }\n`
  writeFileSync(`${path}.new`, source, { mode: 0o644 })
  renameSync(`${path}.new`, path)
}

const tells = (what: string): string => `globalThis.told.push('${what}');`

/** Tells of its beginning, its calls and its end. */
const telling = (name: string): string =>
  `${tells(`${name} begins`)} api.on('failed', () => { ${tells(`${name} called`)} });
  return async () => { ${tells(`${name} ends`)} }`

const EVENT: PluginEvent = {
  message: {
    envelope: { sender: '', recipients: ['b@site.example'] },
    queueId: 'q',
    retries: 1,
    body: () => Readable.from([]),
  },
  result: [],
}

async function opened(...specifiers: string[]): Promise<PluginSet> {
  const plugins = new PluginSet()
  await plugins.use(specifiers, context())
  return plugins
}

describe('the end of plug-ins', () => {
  it('is as docs/plugins.md shows it', async () => {
    const page = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8')
    const example = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)][1]?.[1] ?? ''
    const notes = join(root, 'notes')
    writeFileSync(join(root, 'a.mjs'), example.replace('/var/log/deliveries', notes), { mode: 0o644 })
    const hooks = await loadPlugins(['./a.mjs'], context())
    await hooks.emit('delivered', EVENT)
    await hooks.close?.()
    expect(readFileSync(notes, 'utf8')).toBe('q\n')
    expect(complaints).toEqual([])
  })

  it('is told to each once, and nobody is called afterwards', async () => {
    put('a', telling('a'))
    put('b', `api.on('failed', () => { ${tells('b called')} })`)
    const hooks = await loadPlugins(['./a.mjs', './b.mjs'], context())
    await hooks.emit('failed', EVENT)
    await hooks.close?.()
    await hooks.close?.()
    expect(await hooks.emit('failed', EVENT)).toBeUndefined()
    expect(told).toEqual(['a begins', 'a called', 'b called', 'a ends'])
    expect(complaints).toEqual([])
  })

  it('is told to a plug-in without handlers, too', async () => {
    put('a', `return () => { ${tells('a ends')} }`)
    const hooks = await loadPlugins(['./a.mjs'], context())
    expect(hooks).not.toBe(noPlugins)
    await hooks.close?.()
    expect(told).toEqual(['a ends'])
  })

  it('comes when the handlers that run have answered', async () => {
    let open = (): void => undefined
    globalThis.gate = new Promise((resolve) => (open = resolve))
    put('a', `api.on('failed', () => globalThis.gate); return () => { ${tells('a ends')} }`)
    const plugins = await opened('./a.mjs')
    const answer = plugins.emit('failed', EVENT).then(() => told.push('answered'))
    const closed = plugins.close()
    open()
    await Promise.all([answer, closed])
    expect(told).toEqual(['answered', 'a ends'])
  })

  it('is logged and complained about where it fails or hangs, and stops no other', async () => {
    put('a', 'return () => { throw new Error("stuck") }')
    put('b', 'return () => new Promise(() => {})')
    put('c', telling('c'))
    const plugins = await opened('./*.mjs')
    await plugins.use([], context(50))
    expect(told).toEqual(['c begins', 'c ends'])
    expect(complaints.sort()).toEqual([
      'plug-in a failed when it was ended: stuck',
      'plug-in b failed when it was ended: no answer within 0.05 s',
    ])
    expect(logged.map(({ event, plugin }) => [event, plugin])).toEqual([
      ['plugin.failed', 'a'],
      ['plugin.failed', 'b'],
    ])
  })

  it('comes at once for one that was ready too late', async () => {
    let late = (): void => undefined
    globalThis.gate = new Promise((resolve) => (late = resolve))
    const ended = new Promise<void>((resolve) => {
      globalThis.told = Object.assign([], { push: () => (resolve(), 0) })
    })
    put('a', `await globalThis.gate; return () => { ${tells('a ends')} }`)
    expect(await loadPlugins(['./a.mjs'], context(30))).toBe(noPlugins)
    late()
    await ended
    expect(complaints).toHaveLength(1)
  })
})

describe('an exchange of plug-ins', () => {
  it('leaves those that are the same alone, ends the others first, and keeps the order', async () => {
    for (const name of ['a', 'b', 'c']) put(name, telling(name))
    const plugins = await opened('./a.mjs', './b.mjs')
    await plugins.use(['./c.mjs', './a.mjs'], context())
    await plugins.emit('failed', EVENT)
    expect(told).toEqual(['a begins', 'b begins', 'b ends', 'c begins', 'c called', 'a called'])
  })

  it('takes the new code of a file that was changed', async () => {
    put('a', telling('old'))
    const plugins = await opened('./a.mjs')
    put('a', telling('new'))
    await plugins.use(['./a.mjs'], context())
    await plugins.use(['./a.mjs'], context())
    await plugins.emit('failed', EVENT)
    expect(told).toEqual(['old begins', 'old ends', 'new begins', 'new called'])
  })

  it('tries one again that could not be loaded', async () => {
    put('a', '(')
    const plugins = await opened('./a.mjs')
    expect(plugins.isEmpty).toBe(true)
    put('a', telling('a'))
    await plugins.use(['./a.mjs'], context())
    expect(told).toEqual(['a begins'])
    expect(complaints).toHaveLength(1)
  })

  it('has messages wait, so that no plug-in misses one', async () => {
    for (const name of ['a', 'b']) put(name, telling(name))
    const plugins = await opened('./a.mjs')
    const exchanged = plugins.use(['./a.mjs', './b.mjs'], context())
    await Promise.all([plugins.emit('failed', EVENT), exchanged])
    expect(told).toEqual(['a begins', 'b begins', 'a called', 'b called'])
  })

  it('does not give a handler that keeps hanging another try', async () => {
    put('a', `api.on('failed', () => { ${tells('called')} return new Promise(() => {}) })`)
    const plugins = await opened('./a.mjs')
    await plugins.use(['./a.mjs'], context(30))
    for (let n = 0; n < 4; n += 1) await plugins.emit('failed', EVENT)
    await plugins.use(['./a.mjs'], context(30))
    await plugins.emit('failed', EVENT)
    expect(told).toEqual(['called', 'called', 'called'])
  })
})
