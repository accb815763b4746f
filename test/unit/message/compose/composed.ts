/** A composed message as bytes, for tests of small ones. */
import { tmpdir } from 'node:os'
import { composeMail, type MailParts } from '../../../../src/message/compose/compose.ts'

export async function composed(parts: MailParts): Promise<Buffer> {
  const content = await composeMail(parts, tmpdir())
  try {
    const chunks: Buffer[] = []
    for await (const chunk of content.stream() as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    content.close()
  }
}
