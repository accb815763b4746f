/** Whether somebody takes over what users drop: what the doctor and the probe say. */
import { chmodSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dropWaiting, DROP_STALE } from '../../src/delivery/drop/waiting.ts'
import { configFromSettings } from '../../src/config/settings.ts'
import { canBeOthers, droppedText, messageName, openDropSite } from '../helpers/drop-site.ts'

describe.runIf(canBeOthers())('a drop directory', () => {
  it.each([
    { what: 'all is well', mode: 0o3733, state: 'ok', words: undefined },
    { what: 'dropped files can be read by all', mode: 0o1733, state: 'ok', words: 'chmod g+s' },
    { what: 'users cannot put files there', mode: 0o3700, state: 'ok', words: 'cannot put files' },
    { what: 'users can list it', mode: 0o3777, state: 'failed', words: 'install -d' },
  ])('is looked at by the doctor: $what', async ({ mode, state, words }) => {
    const site = await openDropSite({}, {}, mode)
    const { stdout, code } = await site.run('mq-send-test', ['--check', '--json'])
    const { steps } = JSON.parse(stdout) as { steps: { step: string; state: string }[] }
    const step = steps.find((each) => each.step === 'drop')
    expect(step?.state).toBe(state)
    if (words !== undefined) expect(JSON.stringify(step)).toContain(words)
    if (state === 'failed') expect(code).toBe(78)
  })

  it('is looked at by the probe, which warns of mail that nobody takes over', async () => {
    const site = await openDropSite()
    site.place(messageName(), droppedText('one@d.ex'))
    const young = await site.run('mq-queue', ['check'])
    expect(young).toMatchObject({ code: 0, stderr: '' })
    const settings = { queue_dir: site.queueDir, submit_dir: site.drop }
    const waiting = await dropWaiting(configFromSettings(settings), Date.now())
    expect(waiting?.messages).toBe(1)
    expect(Date.now() - (waiting?.oldest ?? 0)).toBeLessThan(DROP_STALE)
    chmodSync(site.drop, 0o000)
    expect(site.dropped()).toHaveLength(1)
  })
})
