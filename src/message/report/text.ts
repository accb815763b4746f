/**
 * The part of a delivery report that people read: what happened, to which recipients, in the words of the server,
 * and what happens next. It says nothing that this program cannot know. Lines have at most 76 characters, except
 * for an address or another word that is longer: such a word is never cut.
 */
import { formatDate } from '../date.ts'
import type { DeliveryReport, ReportedRecipient, ReportKind } from './facts.ts'
import { diagnosticText } from './delivery-status.ts'
import { foreignText } from '../foreign-text.ts'

const LONGEST_LINE = 76

interface Words {
  /** Above the recipients, with what stands for the message. */
  readonly before: (message: string) => string
  /** Below them. */
  readonly after: string
}

const WORDS: Readonly<Record<ReportKind, Words>> = {
  failed: {
    before: (message) =>
      `${message} could not be delivered to the recipients below. It is not tried again by itself. Other recipients are ` +
      'not affected.',
    after:
      'If the reason is one that you can change, such as a wrong address, change it and send the message again.',
  },
  delayed: {
    before: (message) =>
      `${message} is waiting: its delivery to the recipients below takes longer than usual. It is kept and ` +
      'tried again by itself. There is no need to send it again.',
    after: 'This is only a notice.',
  },
  relayed: {
    before: (message) =>
      `${message} was handed on, for the recipients below, to a server that does not report deliveries. No ` +
      'further report of success will come.',
    after: 'This is the report of success that was asked for.',
  },
}

/** Breaks text at its blanks, each line behind an indent. */
function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > LONGEST_LINE) {
      lines.push(indent + line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, indent + line]
}

function givenUp({ expired, stopped }: ReportedRecipient): string | undefined {
  if (expired !== true) return undefined
  return stopped === true
    ? 'Given up by an administrator of this mail system.'
    : 'Given up: the message became too old to be tried again.'
}

function recipientLines(kind: ReportKind, recipient: ReportedRecipient): string[] {
  const { code, remoteHost, lastAttempt, retryUntil } = recipient
  const said = diagnosticText(recipient)
  const who = remoteHost === undefined ? 'The server' : `The server ${foreignText(remoteHost, 255)}`
  const details = [
    givenUp(recipient),
    said === '' ? undefined : code === undefined ? said : `${who} said: ${said}`,
    lastAttempt === undefined ? undefined : `Last tried: ${formatDate(lastAttempt)}`,
    kind === 'delayed' && retryUntil !== undefined ? `Tried until: ${formatDate(retryUntil)}` : undefined,
  ]
  const lines = details.filter((text) => text !== undefined).flatMap((text) => wrapped(text, '    '))
  return [`  ${foreignText(recipient.recipient, 900)}`, ...lines, '']
}

/**
 * Writes the part.
 *
 * @param report what is told
 * @param whole true when the whole original follows, false when only its header does
 * @returns lines of any language, without line ends
 */
export function reportText(report: DeliveryReport, whole: boolean): string[] {
  const { before, after } = WORDS[report.kind]
  const toPostmaster = report.toPostmaster === true
  const why = 'The message has no return address, so the postmaster gets this report.'
  const host = foreignText(report.reportingHost, 255)
  return [
    ...wrapped(`This is the mail system of ${host}.`),
    '',
    ...wrapped(before(toPostmaster ? 'A message' : 'Your message')),
    ...(toPostmaster ? wrapped(why) : []),
    '',
    ...report.recipients.flatMap((recipient) => recipientLines(report.kind, recipient)),
    ...wrapped(
      `${toPostmaster ? '' : `${after} `}${whole ? 'The message' : 'The header of the message'} is attached.`,
    ),
    '',
    `  Accepted:  ${formatDate(report.arrival)}`,
    `  Queue id:  ${foreignText(report.queueId, 255)}`,
  ]
}
