/**
 * What mq-sendmail can do besides sending, by its name and by -b, and which options exclude each other.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Mode, SendmailCall } from './sendmail-call.ts'

/** The letters after -b. */
const MODES: Readonly<Record<string, Mode>> = {
  m: 'send',
  s: 'smtp-session',
  q: 'send',
  p: 'list-queue',
  i: 'check-aliases',
  v: 'verify',
  V: 'version',
}

/** What to do instead of a mode that is not there. */
const INSTEAD: Readonly<Record<string, string>> = {
  d: 'to deliver queued mail regularly run mq-run from cron',
  D: 'to deliver queued mail regularly run mq-run from cron',
  t: 'mq-sendmail -bv shows what becomes of an address',
  h: 'mq-queue stats shows how the server is doing',
  P: 'mq-queue stats counts what waits',
}

/** What a command of another name does without options. */
const PERSONALITIES: Readonly<Record<string, Mode>> = {
  mailq: 'list-queue',
  newaliases: 'check-aliases',
  runq: 'run-queue',
}

/** What the command does under this name, without options. */
export function setPersonality(program: string): Mode {
  return PERSONALITIES[program] ?? 'send'
}

/** What is answered whatever else is asked for. */
const ANSWERS: ReadonlySet<Mode> = new Set<Mode>(['print-config', 'help', 'version'])

/**
 * Sets what the command is to do, which its name may have set otherwise.
 *
 * @throws MailError USAGE when an option before it asked for something else
 */
export function chooseMode(call: SendmailCall, mode: Mode): void {
  if (ANSWERS.has(call.mode)) return
  if (call.modeGiven && call.mode !== mode && !ANSWERS.has(mode)) {
    throw new MailError('USAGE', 'the options -b, -q, -I and -S ask for different things; give one of them')
  }
  call.mode = mode
  call.modeGiven = true
}

/**
 * Takes the argument of -b.
 *
 * @throws MailError USAGE for a mode that is not there
 */
export function setMode(call: SendmailCall, value: string): void {
  const mode = MODES[value]
  if (mode === undefined) {
    throw new MailError('USAGE', `the mode -b${value} is not supported; ${INSTEAD[value] ?? 'see --help'}`)
  }
  chooseMode(call, mode)
  // the letter of dma
  if (value === 'q') call.queueOnly = true
}

/** Pairs of options of which only one can be meant. */
const EXCLUSIVE: readonly (readonly [string, (call: SendmailCall) => boolean])[] = [
  [
    'give either --from or --read-envelope-from',
    ({ from, readEnvelopeFrom }) => from !== undefined && readEnvelopeFrom,
  ],
  ['give either --host or --account', ({ host, account }) => host !== undefined && account !== undefined],
  [
    '--host without --config has no queue, so the message cannot be only queued',
    ({ host, config, queueOnly }) => host !== undefined && config === undefined && queueOnly,
  ],
  [
    '-t goes with sending a message from standard input only; see --help',
    ({ mode, readRecipients }) => readRecipients && mode !== 'send' && !ANSWERS.has(mode),
  ],
  [
    '--host has no queue and no aliases of its own; it goes with sending and with --serverinfo',
    ({ mode, host }) => host !== undefined && !WITH_HOST.has(mode),
  ],
  [
    '--read-envelope-from cannot be used with -bs: the session names the sender; leave it out',
    ({ mode, readEnvelopeFrom }) => mode === 'smtp-session' && readEnvelopeFrom,
  ],
  [
    '--priority, --send-at, --expire and --batch are about the queue, and --host without --config has none',
    ({ host, config, handlingWords }) =>
      host !== undefined && config === undefined && Object.keys(handlingWords).length > 0,
  ],
  ['--json goes with -bp', ({ json, mode }) => json && mode !== 'list-queue'],
]

/** What can be done at a server that is named. */
const WITH_HOST: ReadonlySet<Mode> = new Set<Mode>([
  ...ANSWERS,
  'send',
  'smtp-session',
  'server-info',
  'verify',
])

/** What takes recipients, or does not mind them. */
const WITH_OPERANDS: ReadonlySet<Mode> = new Set<Mode>(['send', 'verify', 'print-config', 'help', 'version'])

/**
 * Refuses a command line that contradicts itself.
 *
 * @throws MailError USAGE
 */
export function refuseMixture(call: SendmailCall): void {
  const problem = EXCLUSIVE.find(([, both]) => both(call))?.[0]
  if (problem !== undefined) throw new MailError('USAGE', problem)
  if (call.operands.length > 0 && !WITH_OPERANDS.has(call.mode)) {
    throw new MailError(
      'USAGE',
      `no recipients can be given here, and ${call.operands.join(' ')} was; see --help`,
    )
  }
}
