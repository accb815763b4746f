import { describe, expect, it } from 'vitest'
import { undoPercentSigns } from '../../../src/config/percent-signs.ts'

const entry = (section: string, value: string) => ({ section, key: 'k', value, line: 7, file: 'x.conf' })

describe('percent signs', () => {
  it.each([
    ['a%%b', 'a%b'],
    ['100%', '100%'],
    ['%%(x)s', '%(x)s'],
    ['%%%%', '%%'],
  ])('in [mqrunner] turn %j into %j', (value, expected) => {
    expect(undoPercentSigns(entry('mqrunner', value), 'smtp_password')).toBe(expected)
  })

  it('in [mailqueue], and in from, stay as they are', () => {
    expect(undoPercentSigns(entry('mailqueue', 'a%%b%(x)s'), 'smtp_password')).toBe('a%%b%(x)s')
    expect(undoPercentSigns(entry('mqrunner', '%U%%x@%H'), 'from')).toBe('%U%%x@%H')
  })

  it.each(['%(home)s/queue', 'x%%%(home)s'])(
    'that refer to another option are refused, as in %j',
    (value) => {
      expect(() => undoPercentSigns(entry('mqrunner', value), 'queue_dir')).toThrow(
        'x.conf:7: queue_dir refers to another option by "%(name)s", which is not done here',
      )
    },
  )
})
