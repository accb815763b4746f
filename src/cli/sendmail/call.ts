/**
 * The command line of mq-sendmail in terms of what is to be done. Nothing is read or sent before the whole line
 * is understood.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { ReportRequest } from '../../message/envelope.ts'
import type { Terminal } from '../exit.ts'
import { parseArguments } from './getopt.ts'
import { envidRequest, notifyRequest, returnRequest } from './report-options.ts'
import { sendmailGrammar, sendmailOption, type SendmailEffect } from './options.ts'

/** What the command is to do. */
type Mode =
  'send' | 'smtp-session' | 'list-queue' | 'check-aliases' | 'run-queue' | 'print-config' | 'help' | 'version'

/** One call of the command. */
export interface SendmailCall {
  mode: Mode
  config: string | undefined
  aliases: string | undefined
  from: string | undefined
  fullName: string | undefined
  readRecipients: boolean
  ignoreDots: boolean
  queueOnly: boolean
  noAliases: boolean
  setToHeader: boolean
  verbose: boolean
  /** Undefined when no option asks for anything. */
  reports: ReportRequest | undefined
  operands: readonly string[]
}

const MODES: Readonly<Record<string, Mode>> = {
  m: 'send',
  s: 'smtp-session',
  p: 'list-queue',
  i: 'check-aliases',
  V: 'version',
}

/** What a command of another name does without options. */
const PERSONALITIES: Readonly<Record<string, Mode>> = { mailq: 'list-queue', newaliases: 'check-aliases' }

type Apply = (call: SendmailCall, value: string) => void

function setOption(call: SendmailCall, value: string): void {
  if (value === 'i' || /^ignoredots=(?:true|yes|1)$/i.test(value)) call.ignoreDots = true
  if (value === 'dq' || value === 'dd') call.queueOnly = true
}

function setMode(call: SendmailCall, value: string): void {
  const mode = MODES[value]
  if (mode === undefined) {
    const hint =
      value === 'd' || value === 'D' ? 'to deliver queued mail regularly run mq-run from cron' : 'see --help'
    throw new MailError('USAGE', `the mode -b${value} is not supported; ${hint}`)
  }
  call.mode = mode
}

function setQueueRun(call: SendmailCall, value: string): void {
  if (value !== '') {
    throw new MailError(
      'USAGE',
      `-q${value} is not supported; -q runs the queue once, and mq-run from cron does it regularly`,
    )
  }
  call.mode = 'run-queue'
}

function addRequest(call: SendmailCall, request: ReportRequest): void {
  call.reports = { ...call.reports, ...request }
}

const EFFECTS: Readonly<Record<SendmailEffect, Apply>> = {
  aliases: (call, value) => (call.aliases = value),
  config: (call, value) => (call.config = value),
  envid: (call, value) => addRequest(call, envidRequest(value)),
  from: (call, value) => (call.from = value),
  'full-name': (call, value) => (call.fullName = value),
  help: (call) => (call.mode = 'help'),
  'ignore-dots': (call) => (call.ignoreDots = true),
  ignored: () => undefined,
  mode: setMode,
  'no-aliases': (call) => (call.noAliases = true),
  notify: (call, value) => addRequest(call, notifyRequest(value)),
  'print-config': (call) => (call.mode = 'print-config'),
  'queue-run': setQueueRun,
  'read-recipients': (call) => (call.readRecipients = true),
  return: (call, value) => addRequest(call, returnRequest(value)),
  'set-option': setOption,
  'set-to-header': (call) => (call.setToHeader = true),
  verbose: (call) => (call.verbose = true),
  version: (call) => (call.mode = 'version'),
}

/**
 * Reads the command line; the name the command was called by decides what it does without options.
 *
 * @throws MailError USAGE
 */
export function parseSendmailCall(terminal: Terminal): SendmailCall {
  const { options, operands } = parseArguments(terminal.args, sendmailGrammar())
  const call: SendmailCall = {
    mode: PERSONALITIES[terminal.program] ?? 'send',
    config: undefined,
    aliases: undefined,
    from: undefined,
    fullName: undefined,
    readRecipients: false,
    ignoreDots: false,
    queueOnly: false,
    noAliases: false,
    setToHeader: false,
    verbose: false,
    reports: undefined,
    operands,
  }
  for (const { name, value } of options) {
    const effect = sendmailOption(name)?.effect
    if (effect !== undefined) EFFECTS[effect](call, value ?? '')
  }
  if (call.mode !== 'send' && operands.length > 0) {
    throw new MailError('USAGE', `no recipients can be given here, and ${operands.join(' ')} was; see --help`)
  }
  if (call.mode === 'smtp-session' && call.readRecipients) {
    throw new MailError(
      'USAGE',
      '-t cannot be used with -bs: the recipients are named in the session; see --help',
    )
  }
  return call
}
