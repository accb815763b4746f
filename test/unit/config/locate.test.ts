import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { locateConfig } from '../../../src/config/locate.ts'
import { failure, scratch, unprivileged } from './scratch.ts'

const USUAL = [
  'home/.mailqueue.conf',
  'home/.mailqueue-runner.conf',
  'etc/mailqueue.conf',
  'etc/mailqueue-runner.conf',
]

function searchIn(root: string, extra: { file?: string; MAILQUEUE_CONF?: string } = {}) {
  const { file, ...env } = extra
  return { file, env, home: join(root, 'home'), etc: join(root, 'etc') }
}

describe('the configuration file', () => {
  it.each(USUAL.map((_, index) => index))(
    'is the first of the usual places that exists, from place %d on',
    (index) => {
      const present = USUAL.slice(index)
      const root = scratch(Object.fromEntries(present.map((name) => [name, ''])))
      expect(locateConfig(searchIn(root))).toBe(join(root, present[0] ?? ''))
    },
  )

  it('named by the option comes before the one named by the environment, and that before the usual places', () => {
    const root = scratch({ 'a.conf': '', 'b.conf': '', 'home/.mailqueue.conf': '' })
    const [a, b] = [join(root, 'a.conf'), join(root, 'b.conf')]
    expect(locateConfig(searchIn(root, { file: a, MAILQUEUE_CONF: b }))).toBe(a)
    expect(locateConfig(searchIn(root, { MAILQUEUE_CONF: b }))).toBe(b)
    expect(locateConfig(searchIn(root, { MAILQUEUE_CONF: '' }))).toBe(join(root, 'home/.mailqueue.conf'))
  })

  it('that is nowhere is missing, with the places it was looked for', () => {
    const root = scratch()
    const search = searchIn(root)
    expect(() => locateConfig(search)).toThrow(failure('CONFIG_MISSING'))
    for (const name of USUAL) expect(() => locateConfig(search)).toThrow(join(root, name))
    expect(() => locateConfig({ ...search, home: '' })).toThrow(
      `(looked for ${join(root, 'etc/mailqueue.conf')}, `,
    )
  })

  it('that was named and is not there is missing, whatever the usual places have', () => {
    const root = scratch({ 'etc/mailqueue.conf': '' })
    const gone = join(root, 'gone.conf')
    const missing = failure('CONFIG_MISSING', gone)
    expect(() => locateConfig(searchIn(root, { file: gone }))).toThrow(missing)
    expect(() => locateConfig(searchIn(root, { MAILQUEUE_CONF: gone }))).toThrow(missing)
    expect(() => locateConfig(searchIn(root, { file: '' }))).toThrow('the option --config is empty')
  })

  it('in a closed directory is denied when named and passed over when not', () => {
    const root = scratch({ 'home/.mailqueue.conf': '', 'etc/mailqueue.conf': '' })
    chmodSync(root, 0o755)
    chmodSync(join(root, 'home'), 0o000)
    chmodSync(join(root, 'etc'), 0o755)
    const named = join(root, 'home/.mailqueue.conf')
    try {
      expect(unprivileged(() => locateConfig(searchIn(root)))).toBe(join(root, 'etc/mailqueue.conf'))
      expect(() => unprivileged(() => locateConfig(searchIn(root, { file: named })))).toThrow(
        failure('CONFIG_DENIED'),
      )
    } finally {
      chmodSync(join(root, 'home'), 0o755)
    }
  })
})
