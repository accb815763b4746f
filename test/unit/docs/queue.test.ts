/** The states of recipients and the events of the journal, as the documents have them. */
import { describe, expect, it } from 'vitest'
import { JOURNAL_EVENTS } from '../../../src/queue/journal/event.ts'
import { FOLDERS } from '../../../src/queue/layout.ts'
import { RECIPIENT_STATUS } from '../../../src/queue/journal/recipient-state.ts'
import { itemsOf, section, textOf } from './pages.ts'

/** The cells of the table whose first column has that title. */
function table(page: string, title: string): string[][] {
  const lines = textOf(page).split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `))
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  )
}

describe('docs/queue.md', () => {
  it('has every state of a recipient, in the words of the code', () => {
    expect(table('docs/queue.md', 'state')).toEqual(Object.entries(RECIPIENT_STATUS))
  })

  it('has every event of the journal', () => {
    const events = table('docs/queue.md', 'event').map(([event]) => event)
    expect(events.toSorted()).toEqual(Object.keys(JOURNAL_EVENTS).sort())
  })

  it('has every folder', () => {
    expect(table('docs/queue.md', 'folder').map(([folder]) => folder)).toEqual(
      FOLDERS.map((each) => `${each}/`),
    )
  })
})

describe('mailqueue(5)', () => {
  const page = textOf('man/mailqueue.5')
  const named = (title: string): string[] =>
    itemsOf(section(page, title)).flatMap(({ head }) => head.replace(/^(Li|Pa) /, '').split(' , '))

  it('has every event of the journal', () => {
    expect(named('Journals').sort()).toEqual(Object.keys(JOURNAL_EVENTS).sort())
  })

  it('has every folder', () => {
    expect(named('Folders')).toEqual(FOLDERS.map((each) => `${each}/`))
  })
})
