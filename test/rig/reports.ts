/** The delivery reports that were sent or are still to be sent, read with code of the rig's own. */
import type { Evidence } from './evidence.ts'

/** What one report says of one address. */
export interface Statement {
  /** `failed`, `delayed` or `relayed`. */
  readonly action: string
  readonly recipient: string
}

/** A report to a sender or to the postmaster. */
export interface Report {
  readonly statements: readonly Statement[]
  /** An administrator wanted it gone. */
  readonly deleted: boolean
}

/** A report is mail from nobody, whatever the server or the queue calls it. */
export function isReport(sender: string, bytes: Buffer): boolean {
  return sender === '' && /^content-type:\s*multipart\/report/im.test(bytes.toString('latin1'))
}

/** What a report says, block by block; the original that it returns has no such fields. */
function statementsOf(bytes: Buffer): Statement[] {
  return bytes
    .toString('latin1')
    .split('\r\n\r\n')
    .flatMap((block) => {
      const recipient = /^final-recipient: *rfc822; *(\S+)/im.exec(block)?.[1]
      const action = /^action: *(\w+)/im.exec(block)?.[1]
      return recipient === undefined || action === undefined ? [] : [{ recipient, action }]
    })
}

/** All of them; one that is in the queue counts, and one that was deleted there is marked as such. */
export function reportsOf({ transactions, stored, removed, deletions }: Evidence): Report[] {
  const gone = new Set(deletions.map(({ unique }) => unique))
  const sent = transactions.filter(({ accepted, mailFrom, data }) => accepted && isReport(mailFrom, data))
  const isHere = ({ sender, bytes }: { sender: string; bytes: Buffer }): boolean => isReport(sender, bytes)
  const lost = removed.filter((each) => gone.has(each.unique) && isHere(each))
  return [
    ...sent.map(({ data }) => ({ statements: statementsOf(data), deleted: false })),
    ...stored.filter(isHere).map(({ bytes }) => ({ statements: statementsOf(bytes), deleted: false })),
    ...lost.map(({ bytes }) => ({ statements: statementsOf(bytes), deleted: true })),
  ]
}
