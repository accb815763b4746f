import { describe, expect, it } from 'vitest'
import { splitWords } from '../../../src/config/kinds/option-kind.ts'
import { findOption, optionNames, OPTIONS } from '../../../src/config/options.ts'
import type { Option } from '../../../src/config/options/option.ts'

const rows = Object.entries<Option<unknown>>(OPTIONS)

describe('the options table', () => {
  it.each(rows)('names the option %s as its key does', (key, option) => {
    expect(option.name).toBe(key)
    expect(findOption(key)).toBe(option)
  })

  it('has no name or alias twice', () => {
    expect(new Set(optionNames()).size).toBe(
      rows.length + rows.flatMap(([, row]) => row.aliases ?? []).length,
    )
    expect(findOption('host')).toBe(OPTIONS.smtp_hostname)
    expect(findOption('password')?.secret).toBe(true)
    expect(findOption('toString')).toBeUndefined()
  })

  it.each(rows)('documents %s in one line that ends with a full stop', (_, option) => {
    expect(option.doc).toMatch(/^[A-Z].*\.$/)
    expect(option.doc.length).toBeLessThan(80)
  })

  it.each(rows.filter(([, option]) => option.default !== undefined))(
    'has a default for %s that is valid',
    (_, option) => {
      const text = option.kind.format(option.default)
      const words = option.kind.accepts === 'list' ? splitWords(text) : [text]
      expect(option.kind.parse(words, { folder: '/', home: '/' })).toEqual({
        ok: true,
        value: option.default,
      })
    },
  )
})
