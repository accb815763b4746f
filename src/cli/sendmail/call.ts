/**
 * The command line of mq-sendmail in terms of what is to be done. Nothing is read or sent before the whole line
 * is understood.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { ReportRequest } from '../../message/envelope.ts'
import type { Terminal } from '../exit.ts'
import { systemClock } from '../../util/clock.ts'
import { parseArguments } from '../getopt.ts'
import { readHandling } from '../handling-options.ts'
import type { SendmailEffect, SendmailOption } from './option.ts'
import { sendmailGrammar, sendmailOption } from './options.ts'
import { chooseMode, setMode, setPersonality, refuseMixture } from './modes.ts'
import { addQueueRun } from './queue-run-filter.ts'
import { envidRequest, notifyRequest, returnRequest } from './report-options.ts'
import type { SendmailCall } from './sendmail-call.ts'
import { proxyOverrides, readHost, settingOverride, tlsOverrides, yesNo } from './setting-options.ts'

function newCall(program: string, operands: readonly string[]): SendmailCall {
  return {
    mode: setPersonality(program),
    modeGiven: false,
    config: undefined,
    host: undefined,
    account: undefined,
    settings: [],
    tls: {},
    proxy: {},
    aliases: undefined,
    from: undefined,
    readEnvelopeFrom: false,
    fullName: undefined,
    readRecipients: false,
    ignoreDots: false,
    queueOnly: false,
    noAliases: false,
    verbose: false,
    json: false,
    logName: undefined,
    reports: undefined,
    selects: [],
    handlingWords: {},
    handling: {},
    body: undefined,
    operands,
  }
}

type Apply = (call: SendmailCall, value: string, option: SendmailOption) => void

/** The settings of -o, which have a letter, and of -O, which have a name. No value means yes. */
const SETTINGS = {
  o: { ignoreDots: /^i(?:[ty1].*)?$/i, delivery: /^d([a-z])/ },
  O: { ignoreDots: /^ignoredots(?:=(?:[ty1].*)?)?$/i, delivery: /^deliverymode=([a-z])/i },
}

function setOption(call: SendmailCall, value: string, { letter }: SendmailOption): void {
  const { ignoreDots, delivery } = letter === 'O' ? SETTINGS.O : SETTINGS.o
  if (ignoreDots.test(value)) call.ignoreDots = true
  const mode = delivery.exec(value)?.[1]?.toLowerCase()
  if (mode !== undefined) call.queueOnly = mode === 'q' || mode === 'd'
}

/** -d0.1 asks for the version, as with sendmail, whose first debug level prints it. */
function setDebug(call: SendmailCall, value: string): void {
  if (value === '0.1' || value === '0') chooseMode(call, 'version')
  else call.verbose = true
}

function addRequest(call: SendmailCall, request: ReportRequest): void {
  call.reports = { ...call.reports, ...request }
}

/** Of the two types, 7BIT says nothing that the bytes do not say better; other words are no types. */
function setBody(call: SendmailCall, value: string): void {
  const type = value.toLowerCase()
  if (type === '8bitmime') call.body = type
  else if (type === '7bit') call.body = undefined
}

const EFFECTS: Readonly<Record<SendmailEffect, Apply>> = {
  account: (call, value) => (call.account = value),
  aliases: (call, value) => (call.aliases = value),
  'certificate-check': (call, value, option) => (call.tls.certificateCheck = yesNo(value, option)),
  'check-aliases': (call) => chooseMode(call, 'check-aliases'),
  body: setBody,
  config: (call, value) => (call.config = value),
  debug: setDebug,
  envid: (call, value) => addRequest(call, envidRequest(value)),
  fingerprint: (call, value) => (call.tls.fingerprint = value),
  from: (call, value) => (call.from = value),
  handling: (call, value, { sets }) => {
    if (sets !== undefined) call.handlingWords[sets] = value
  },
  'full-name': (call, value) => (call.fullName = value),
  help: (call) => chooseMode(call, 'help'),
  host: (call, value, option) => (call.host = readHost(value, option)),
  'ignore-dots': (call) => (call.ignoreDots = true),
  ignored: () => undefined,
  json: (call) => (call.json = true),
  'log-name': (call, value) => (call.logName = value),
  mode: setMode,
  'no-aliases': (call) => (call.noAliases = true),
  notify: (call, value) => addRequest(call, notifyRequest(value)),
  pretend: (call) => chooseMode(call, 'print-config'),
  'proxy-host': (call, value) => (call.proxy.host = value),
  'proxy-port': (call, value) => (call.proxy.port = value),
  'queue-run': addQueueRun,
  'read-envelope-from': (call) => (call.readEnvelopeFrom = true),
  'read-recipients': (call) => (call.readRecipients = true),
  refused: (_, __, { letter = '', doc }) => {
    throw new MailError('USAGE', `the option -${letter} of other programs is not supported: ${doc}`)
  },
  return: (call, value) => addRequest(call, returnRequest(value)),
  'server-info': (call) => chooseMode(call, 'server-info'),
  'set-option': setOption,
  setting: (call, value, option) => call.settings.push(settingOverride(value, option)),
  starttls: (call, value, option) => (call.tls.starttls = yesNo(value, option)),
  tls: (call, value, option) => (call.tls.wanted = yesNo(value, option)),
  verbose: (call) => (call.verbose = true),
  version: (call) => chooseMode(call, 'version'),
}

/**
 * Reads the command line; the name the command was called by decides what it does without options.
 *
 * @throws MailError USAGE
 */
export function parseSendmailCall(terminal: Terminal): SendmailCall {
  const { options, operands, tail } = parseArguments(terminal.args, sendmailGrammar())
  const call = newCall(terminal.program, [...operands, ...tail])
  for (const { name, value } of options) {
    const option = sendmailOption(name)
    if (option !== undefined) EFFECTS[option.effect](call, value ?? '', option)
  }
  call.handling = readHandling(call.handlingWords, systemClock.now())
  call.settings.push(...tlsOverrides(call.tls, call.settings), ...proxyOverrides(call.proxy))
  refuseMixture(call)
  return call
}
