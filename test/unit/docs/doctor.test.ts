/** docs/doctor.md and mq-send-test(1) show the table of the steps. */
import { describe, expect, it } from 'vitest'
import { STEPS } from '../../../src/cli/doctor/steps.ts'
import { itemsOf, section, sentence, textOf } from './pages.ts'

/** Macros and code marks taken away. */
const plain = (text: string): string =>
  text
    .replace(/^\.Fl Fl (\w+) :$/gm, '--$1:')
    .replace(/^\.Cm /gm, '')
    .replaceAll('\n', ' ')
    .replaceAll('`', '')

describe('the steps of mq-send-test --check', () => {
  it('are in docs/doctor.md, in their order and in the words of the table', () => {
    const [, table = ''] = textOf('docs/doctor.md').split(/\n\| step +\| what it means +\|\n/)
    const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(1)
    const cells = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    expect(cells).toEqual(STEPS.map(({ name, doc }) => [name, doc]))
  })

  it('are in mq-send-test(1), in their order and in the words of the table', () => {
    const items = itemsOf(section(textOf('man/mq-send-test.1'), 'Steps'))
    expect(items.map(({ head, text }) => [head, plain(text)])).toEqual(
      STEPS.map(({ name, doc }) => [`Cm ${name}`, sentence(doc).replaceAll('`', '')]),
    )
  })

  it('need nothing that comes later', () => {
    const names = STEPS.map(({ name }) => name)
    for (const [at, { needs }] of STEPS.entries())
      for (const need of needs) expect(names.slice(0, at)).toContain(need)
  })
})
