/**
 * mq-queue cat: the bytes of a message exactly as they are sent. On a terminal, which a message could drive, control
 * characters are replaced; anything else gets every byte. Streams, whatever the size.
 */
import { StringDecoder } from 'node:string_decoder'
import type { MessageContent } from '../../message/content.ts'
import type { Terminal } from '../exit.ts'
import { findOne, openQueue, type QueueContext } from './context.ts'
import { envelopeText, vanished } from './show.ts'

/** Prints text that comes in pieces; a line end that is cut in two is still one. */
async function printText(chunks: AsyncIterable<Buffer>, terminal: Terminal): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let kept = ''
  for await (const chunk of chunks) {
    const text = kept + decoder.write(chunk)
    kept = text.endsWith('\r') ? '\r' : ''
    terminal.print(text.slice(0, text.length - kept.length))
  }
  terminal.print(kept + decoder.end())
}

async function printContent(content: MessageContent, terminal: Terminal): Promise<void> {
  const chunks: AsyncIterable<Buffer> = content.stream()
  if (terminal.shown) return printText(chunks, terminal)
  for await (const chunk of chunks) terminal.printBytes(chunk)
}

/** Adds the command. */
export function addCat(context: QueueContext): void {
  const { parent, terminal } = context
  parent
    .command('cat')
    .description('print a message as it is sent, byte for byte')
    .argument('<id>', 'queue id')
    .option('--envelope', 'what the queue knows of the message, instead of its bytes')
    .action(async (id: string, { envelope }: { envelope?: true }) => {
      const store = await openQueue(context)
      const entry = await findOne(store, id)
      if (envelope === true) {
        const message = await store.describe(entry)
        if (message === undefined) throw vanished(entry.id)
        terminal.print(envelopeText(message))
        return
      }
      const content = await store.content(entry)
      if (content === undefined) throw vanished(entry.id)
      try {
        await printContent(content, terminal)
      } finally {
        content.close()
      }
    })
}
