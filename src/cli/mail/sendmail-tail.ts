/**
 * What stands behind `--` on the command line of mq-mail. Old bsd-mailx passed it on to sendmail, and scripts still
 * say `mail root -- -f sender`; the newer ones protect an untrusted recipient with it. Both are told apart by what is
 * there: with a recipient before `--` and a dash behind it, the tail has options of sendmail.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { ReportRequest } from '../../message/envelope.ts'
import { parseArguments, type ArgumentKind, type ParsedArguments } from '../getopt.ts'
import { envidRequest, notifyRequest, returnRequest } from '../sendmail/report-options.ts'
import type { Dialect } from './option.ts'

/** What the tail says. */
export interface SendmailTail {
  readonly recipients: readonly string[]
  /** Envelope sender. */
  readonly from?: string
  /** Display name of the sender. */
  readonly fullName?: string
  readonly reports?: ReportRequest
}

/** The options of sendmail that may stand there. */
const TAIL_OPTIONS: Readonly<Record<string, ArgumentKind>> = {
  ...{ f: 'required', r: 'required', F: 'required', N: 'required', R: 'required', V: 'required' },
  ...{
    B: 'required',
    O: 'required',
    o: 'required',
    G: 'none',
    U: 'none',
    i: 'none',
    m: 'none',
    n: 'none',
    v: 'none',
  },
}

type Effect = (value: string) => Partial<SendmailTail>

const sender: Effect = (from) => ({ from })

/** Those that change something; the others are about things that do not exist here. */
const EFFECTS: Readonly<Record<string, Effect>> = {
  f: sender,
  r: sender,
  F: (fullName) => ({ fullName }),
  N: (value) => ({ reports: notifyRequest(value) }),
  R: (value) => ({ reports: returnRequest(value) }),
  V: (value) => ({ reports: envidRequest(value) }),
}

/** In these dialects `--` only ends the options. */
const ENDS_OPTIONS: ReadonlySet<Dialect> = new Set<Dialect>(['bsd', 'mailutils'])

/**
 * Reads the tail.
 *
 * @throws MailError USAGE for an option that cannot stand there
 */
export function readTail({ operands, end, tail }: ParsedArguments, dialect: Dialect): SendmailTail {
  const isPassedOn = end === '--' && operands.length > 0 && tail[0]?.startsWith('-') === true
  if (!isPassedOn || ENDS_OPTIONS.has(dialect)) return { recipients: tail }
  const short = new Map(Object.entries(TAIL_OPTIONS))
  try {
    const parsed = parseArguments(tail, { short, long: new Map(), permute: true, ends: ['--'] })
    let found: SendmailTail = { recipients: [...parsed.operands, ...parsed.tail] }
    for (const { name, value } of parsed.options) {
      const said = EFFECTS[name]?.(value ?? '') ?? {}
      found = { ...found, ...said, reports: { ...found.reports, ...said.reports } }
    }
    return found
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    throw new MailError('USAGE', `behind "--": ${error.publicMessage}`, { cause: error })
  }
}
