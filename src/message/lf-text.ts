/**
 * A message as programs and mail stores of this machine have it: lines end with LF. A CR without LF stays.
 */
import type { MessageContent } from './content.ts'

/** The message in portions; rejects when it can't be read. */
export async function* withLineFeeds(content: MessageContent): AsyncGenerator<Buffer> {
  let held = ''
  for await (const chunk of content.stream() as AsyncIterable<Buffer>) {
    const text = (held + chunk.toString('latin1')).replaceAll('\r\n', '\n')
    held = text.endsWith('\r') ? '\r' : ''
    yield Buffer.from(held === '' ? text : text.slice(0, -1), 'latin1')
  }
  if (held !== '') yield Buffer.from(held, 'latin1')
}
