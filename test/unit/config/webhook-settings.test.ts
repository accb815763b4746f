/** The options of the webhook: what they mean together, and what is refused. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { scratch } from './scratch.ts'

const webhookOf = (settings: Record<string, unknown>) => configFromSettings(settings).webhook
const SITE = { queue_dir: '/q', webhook: 'https://app.example/events' }

describe('the webhook', () => {
  it('is none unless it is configured', () => {
    expect(webhookOf({})).toBeUndefined()
  })

  it('tells of ends and doubts, in batches, for a week', () => {
    expect(webhookOf(SITE)).toMatchObject({
      url: SITE.webhook,
      events: ['delivered', 'failed', 'expired', 'in-doubt'],
      batch: 100,
      expire: 7 * 24 * 3600_000,
    })
  })

  it.each([
    ['an address without TLS', { ...SITE, webhook: 'http://app.example/' }, /https:\/\//],
    ['an address with a password', { ...SITE, webhook: 'https://u:p@app.example/' }, /not valid/],
    ['no queue', { webhook: SITE.webhook }, /add queue_dir/],
    ['a secret without an address', { webhook_secret_file: '/s' }, /webhook is not; add it/],
    [
      'an event that there is not',
      { ...SITE, webhook_events: 'delivered opened' },
      /some of queued, delivered/,
    ],
    ['no event', { ...SITE, webhook_events: '' }, /not valid|some of/],
    ['two secrets', { ...SITE, webhook_secret: 'a', webhook_secret_file: '/s' }, /remove the other/],
  ])('refuses %s', (_, settings, sentence) => {
    expect(() => webhookOf(settings)).toThrow(sentence)
  })

  it('may be on this machine without TLS', () => {
    expect(webhookOf({ ...SITE, webhook: 'http://127.0.0.1:8080/' })?.url).toBe('http://127.0.0.1:8080/')
  })

  it('warns of a file with its secret that others can read', async () => {
    const folder = scratch({ secret: 's\n', 'a.conf': '' })
    const text = `[mailqueue]\nqueue_dir = /q\nwebhook = https://a/\nwebhook_secret_file = ${folder}/secret\n`
    const files = scratch({ 'b.conf': text })
    chmodSync(join(folder, 'secret'), 0o644)
    const warnings: string[] = []
    await loadConfig({
      env: {},
      home: '/home/ann',
      identity: { user: 'ann', host: 'pc', fullName: 'Ann' },
      file: join(files, 'b.conf'),
      complain: (line) => warnings.push(line),
    })
    expect(warnings).toEqual([expect.stringMatching(/secret: holds a secret and others can read it/)])
  })
})
