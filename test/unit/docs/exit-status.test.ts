/** The manual pages give the exit codes their right names and, where the table of the code applies, its words. */
import { describe, expect, it } from 'vitest'
import { EX, EXIT_MEANING } from '../../../src/errors/sysexits.ts'
import { itemsOf, section, sentence, textOf } from './pages.ts'

const PAGES = [
  'mq-sendmail.8',
  'mq-mail.1',
  'mq-run.8',
  'mq-send-test.1',
  'mq-queue.8',
  'mq-auth.1',
  'mq-configure.1',
]
const NAMES = new Map<string, number>(Object.entries(EX).map(([name, code]) => [`EX_${name}`, code]))

function statuses(page: string): { code: number; name: string; text: string }[] {
  return itemsOf(section(textOf(`man/${page}`), 'EXIT STATUS')).map(({ head, text }) => {
    const [, code = '', name = ''] = /^(\d+) Pq Dv (EX_[A-Z]+)$/.exec(head) ?? []
    return { code: Number(code), name, text }
  })
}

describe.each(PAGES)('the exit statuses of %s', (page) => {
  const found = statuses(page)

  it('carry the names of sysexits.h, in ascending order, each once', () => {
    expect(found.map(({ code }) => code)).toEqual(found.map(({ name }) => NAMES.get(name)))
    const codes = found.map(({ code }) => code)
    expect(codes).toEqual([...new Set(codes)].toSorted((a, b) => a - b))
  })

  it('include success, wrong usage, a fault of the program and a wrong configuration', () => {
    const codes = found.map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining([EX.OK, EX.USAGE, EX.SOFTWARE, EX.CONFIG]))
  })
})

describe.each(['mq-sendmail.8', 'mq-mail.1'])('%s', (page) => {
  it('explains each exit status in the words of the table', () => {
    const meaning = new Map(Object.entries(EXIT_MEANING))
    const expected = statuses(page).map(({ code }) => sentence(meaning.get(String(code)) ?? ''))
    expect(statuses(page).map(({ text }) => text)).toEqual(expected)
  })

  it('has every exit status; only mq-mail has input files that may be missing', () => {
    const codes = statuses(page).map(({ code }) => code)
    expect(codes).toEqual(
      Object.values(EX)
        .filter((code) => code !== EX.NOINPUT || page === 'mq-mail.1')
        .toSorted((a, b) => a - b),
    )
  })
})
