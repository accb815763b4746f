/** The Debian packages install every command with its manual page, and what they say agrees with the rest. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from '../docs/pages.ts'

const manifest = JSON.parse(textOf('package.json')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}
const COMMANDS = Object.keys(manifest.bin)

const lines = (path: string): string[] =>
  textOf(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

describe('the Debian packages', () => {
  it('have every command in /usr/bin', () => {
    const expected = COMMANDS.map((name) => `usr/lib/mailqueue/bin/${name} usr/bin/${name}`)
    expect(lines('packaging/debian/mailqueue.links').toSorted()).toEqual(expected.toSorted())
  })

  it('need the Node.js that the program needs', () => {
    const [, version = ''] = /^>=(.*)$/.exec(manifest.engines.node) ?? []
    expect(textOf('packaging/debian/control')).toContain(`Depends: nodejs (>= ${version})`)
  })

  it('make the sendmail of the machine one of the commands, with manual pages', () => {
    for (const line of lines('packaging/debian/mailqueue-mta.links')) {
      const [target = ''] = line.split(' ')
      const command = /^usr\/bin\/(.*)$/.exec(target)?.[1]
      const page = /\/(mq-[^/]+)\.gz$/.exec(target)?.[1]
      expect(command === undefined ? readdirSync(join(ROOT, 'man')) : COMMANDS).toContain(command ?? page)
    }
  })

  it.each(['postinst', 'prerm', 'postrm'])('have a %s that a shell understands', (name) => {
    const script = join(ROOT, 'packaging/debian', `mailqueue.${name}`)
    expect(spawnSync('sh', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    expect(textOf(`packaging/debian/mailqueue.${name}`)).toContain('\n#DEBHELPER#\n')
  })
})
