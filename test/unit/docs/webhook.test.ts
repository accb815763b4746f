/** docs/webhook.md has every event and every member of one, in the words of the code. */
import { describe, expect, it } from 'vitest'
import { WEBHOOK_EVENTS } from '../../../src/config/kinds/webhook.ts'
import { EVENT_MEMBERS } from '../../../src/delivery/outbox/event.ts'
import { textOf } from './pages.ts'

function table(title: string): string[][] {
  const lines = textOf('docs/webhook.md').split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `))
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines.slice(start + 2, start + length).map((line) => {
    const [, name = '', words = ''] = /^\| `([\w-]+)` *\| (.*?) *\|$/.exec(line) ?? []
    return [name, words]
  })
}

describe('docs/webhook.md', () => {
  it('has every event', () => {
    expect(table('event')).toEqual(Object.entries(WEBHOOK_EVENTS))
  })

  it('has every member of an event', () => {
    expect(table('member')).toEqual(Object.entries(EVENT_MEMBERS))
  })
})
