/** The files in bin/. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('are the same for all commands', () => {
  const bin = new URL('../../bin/', import.meta.url)
  const commands = readdirSync(bin).filter((name) => name.startsWith('mq-'))
  const texts = commands.map((name) => readFileSync(new URL(name, bin), 'utf8'))
  expect(commands).toHaveLength(7)
  expect(new Set(texts).size).toBe(1)
})
