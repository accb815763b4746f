/** Limits that could not be kept are refused with what to do instead. */
import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../src/config/settings.ts'

const SERVER = { smtp_hostname: 'h', queue_dir: '/q' }

describe('the limits of an account', () => {
  it('are none when nothing is set', () => {
    expect(configFromSettings(SERVER).smtp?.limits).toBeUndefined()
  })

  it('are those that are set', () => {
    expect(configFromSettings({ ...SERVER, limit_per_hour: 7, on_limit: 'HOLD' }).smtp?.limits).toEqual({
      perMinute: undefined,
      perHour: 7,
      perDay: undefined,
      recipientsPerDay: undefined,
      onLimit: 'hold',
    })
  })

  it.each([
    [{ smtp_hostname: 'h', limit_per_day: 5 }, 'limit_per_day needs queue_dir'],
    [{ ...SERVER, on_limit: 'reject' }, 'on_limit is set but there is no limit'],
    [{ ...SERVER, limit_per_day: 5, on_limit: 'reject', spool: 'only' }, 'spool = only sends none'],
    [{ ...SERVER, limit_per_day: 0 }, 'a whole number from 1 to 1000000'],
  ])('are refused when they could not be kept: %j', (settings, why) => {
    expect(() => configFromSettings(settings)).toThrow(why)
  })
})
