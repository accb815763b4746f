/**
 * Every fault that the server of the rig can have, as a table: a new fault is a new row. faults.test.ts tries
 * each row alone and holds the program to `allowed`; the chaos mixes them by seeded dice.
 */
import { DROP, RESET, STALL, type Reaction, type Script, type Step } from '../helpers/scripted-server.ts'
import { certificate } from './certificate.ts'
import type { Dice } from './dice.ts'

/** Which settings the client has; see accounts.ts. */
export type AccountName = 'plain' | 'verify' | 'login'

/** What may be on record for a recipient after one attempt. `delivered`: nothing is left in the queue. */
export type Allowed = 'delivered' | 'pending' | 'deferred' | 'failed' | 'in-doubt'

/** One row of the table. */
export interface Fault {
  /** The step or phase first. */
  readonly name: string
  /** What the server does, as the end of a sentence that begins with "a server that". */
  readonly what: string
  readonly allowed: readonly Allowed[]
  /** `plain` when left out. */
  readonly account?: AccountName
  /** The client has to wait until it gives up; everywhere else it is given all the time that a slow machine needs. */
  readonly endless?: true
  /** @param span bytes of a message within which something is to happen */
  readonly script: (dice: Dice, span: number) => Script
}

/** Limit of each phase in the settings of the rig, in milliseconds. */
export const PHASE_LIMIT = 1000

const GARBAGE: Reaction = { raw: 'h\u00e4?\u0000\u00ff\r\n' }
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const inTime = (dice: Dice, reply: string): Reaction => ({ after: later(dice.between(10, 120)), reply })
const tooLate = (reply: string): Reaction => ({ after: later(PHASE_LIMIT * 2), reply })
/** The table is made once, and a delay begins when the step is reached. */
const at =
  (step: Step, reaction: Reaction): Fault['script'] =>
  () => ({ [step]: reaction })
const slowly =
  (step: Step, reaction: (dice: Dice) => Reaction): Fault['script'] =>
  (dice) => ({ [step]: () => reaction(dice) })
const within =
  (reaction: Reaction): Fault['script'] =>
  (dice, span) => ({ body: { after: dice.between(1, span), reaction } })
const withTls =
  (script: Script): Fault['script'] =>
  () => ({ extensions: ['STARTTLS'], ...script })

const ACCOUNT: readonly Allowed[] = ['pending']
/** The connection ends in a transaction: another one is tried, or it counts as an attempt. */
const UNDER_WAY: readonly Allowed[] = ['pending', 'deferred']
/** A small message may be on the wire as a whole before the client notices. */
const PERHAPS_SENT: readonly Allowed[] = ['deferred', 'in-doubt']

/** The table. */
export const FAULTS: readonly Fault[] = [
  { name: 'banner: drop', what: 'hangs up at once', allowed: ACCOUNT, script: at('banner', DROP) },
  {
    name: 'banner: stall',
    what: 'never greets',
    allowed: ACCOUNT,
    endless: true,
    script: at('banner', STALL),
  },
  { name: 'banner: reset', what: 'resets the connection', allowed: ACCOUNT, script: at('banner', RESET) },
  { name: 'banner: garbage', what: 'greets in no language', allowed: ACCOUNT, script: at('banner', GARBAGE) },
  {
    name: 'banner: 421',
    what: 'is busy',
    allowed: ACCOUNT,
    script: at('banner', { drop: '421 4.3.2 busy' }),
  },
  { name: 'banner: 554', what: 'wants no mail', allowed: ACCOUNT, script: at('banner', '554 5.3.2 no mail') },
  {
    name: 'banner: late',
    what: 'greets a little later',
    allowed: ['delivered'],
    script: slowly('banner', (dice) => inTime(dice, '220 late ESMTP')),
  },
  {
    name: 'banner: bytewise',
    what: 'greets one byte at a time',
    allowed: ['delivered'],
    script: at('banner', { bytewise: '220-slow\r\n220 ESMTP' }),
  },
  { name: 'ehlo: drop', what: 'hangs up at EHLO', allowed: ACCOUNT, script: at('ehlo', DROP) },
  {
    name: 'ehlo: stall',
    what: 'does not answer EHLO',
    allowed: ACCOUNT,
    endless: true,
    script: at('ehlo', STALL),
  },
  {
    name: 'ehlo: 421',
    what: 'ends at EHLO',
    allowed: ACCOUNT,
    script: at('ehlo', { drop: '421 4.3.2 bye' }),
  },
  {
    name: 'ehlo: 502',
    what: 'knows HELO only',
    allowed: ['delivered'],
    script: at('ehlo', '502 5.5.1 what?'),
  },
  {
    name: 'starttls: works',
    what: 'speaks TLS with a certificate that nobody knows, to a client that does not mind',
    allowed: ['delivered'],
    script: () => ({ extensions: ['STARTTLS'], tls: certificate() }),
  },
  {
    name: 'starttls: 454',
    what: 'offers TLS and then refuses it, to a client that does not need it',
    allowed: ['delivered'],
    script: withTls({ starttls: '454 4.7.0 not now' }),
  },
  {
    name: 'starttls: 454, needed',
    what: 'offers TLS and then refuses it, to a client that needs it',
    account: 'verify',
    allowed: ACCOUNT,
    script: withTls({ starttls: '454 4.7.0 not now' }),
  },
  {
    name: 'starttls: garbage',
    what: 'answers the handshake with text, to a client that does not need TLS',
    allowed: ['delivered'],
    script: withTls({ starttls: '220 go on', handshake: { raw: 'no handshake\r\n' } }),
  },
  {
    name: 'starttls: garbage, needed',
    what: 'answers the handshake with text, to a client that needs TLS',
    account: 'verify',
    allowed: ACCOUNT,
    script: withTls({ starttls: '220 go on', handshake: { raw: 'no handshake\r\n' } }),
  },
  {
    name: 'starttls: cut',
    what: 'hangs up in the handshake, with a client that does not need TLS',
    allowed: ['delivered'],
    script: withTls({ starttls: '220 go on', handshake: DROP }),
  },
  {
    name: 'starttls: cut, needed',
    what: 'hangs up in the handshake, with a client that needs TLS',
    account: 'verify',
    allowed: ACCOUNT,
    script: withTls({ starttls: '220 go on', handshake: DROP }),
  },
  {
    name: 'starttls: stall',
    what: 'says nothing in the handshake',
    allowed: ACCOUNT,
    endless: true,
    script: withTls({ starttls: '220 go on', handshake: STALL }),
  },
  {
    name: 'starttls: bad certificate',
    what: 'has a certificate that a client who verifies does not know',
    account: 'verify',
    allowed: ACCOUNT,
    script: () => ({ extensions: ['STARTTLS'], tls: certificate() }),
  },
  {
    name: 'auth: 535',
    what: 'does not know the password',
    account: 'login',
    allowed: ACCOUNT,
    script: at('auth', '535 5.7.8 no'),
  },
  {
    name: 'auth: 454',
    what: 'cannot check the password',
    account: 'login',
    allowed: ACCOUNT,
    script: at('auth', '454 4.7.0 later'),
  },
  {
    name: 'auth: drop',
    what: 'hangs up at AUTH',
    account: 'login',
    allowed: ACCOUNT,
    script: at('auth', DROP),
  },
  {
    name: 'auth: challenge, drop',
    what: 'asks for the user name and hangs up',
    account: 'login',
    allowed: ACCOUNT,
    script: () => ({ extensions: ['AUTH LOGIN'], auth: '334 VXNlcm5hbWU6', other: DROP }),
  },
  { name: 'mail: drop', what: 'hangs up at MAIL', allowed: UNDER_WAY, script: at('mail', DROP) },
  {
    name: 'mail: stall',
    what: 'does not answer MAIL',
    allowed: UNDER_WAY,
    endless: true,
    script: at('mail', STALL),
  },
  { name: 'mail: reset', what: 'resets at MAIL', allowed: UNDER_WAY, script: at('mail', RESET) },
  {
    name: 'mail: garbage',
    what: 'answers MAIL with garbage',
    allowed: UNDER_WAY,
    script: at('mail', GARBAGE),
  },
  {
    name: 'mail: 421',
    what: 'ends at MAIL',
    allowed: UNDER_WAY,
    script: at('mail', { drop: '421 4.3.2 bye' }),
  },
  {
    name: 'mail: 451',
    what: 'delays the sender',
    allowed: ['deferred'],
    script: at('mail', '451 4.3.0 later'),
  },
  {
    name: 'mail: 550',
    what: 'refuses the sender',
    allowed: ['failed'],
    script: at('mail', '550 5.7.1 not you'),
  },
  {
    name: 'mail: late',
    what: 'answers MAIL a little later',
    allowed: ['delivered'],
    script: slowly('mail', (dice) => inTime(dice, '250 2.1.0 late')),
  },
  { name: 'rcpt: drop', what: 'hangs up at RCPT', allowed: UNDER_WAY, script: at('rcpt', DROP) },
  {
    name: 'rcpt: stall',
    what: 'does not answer RCPT',
    allowed: UNDER_WAY,
    endless: true,
    script: at('rcpt', STALL),
  },
  {
    name: 'rcpt: 421',
    what: 'ends at RCPT',
    allowed: UNDER_WAY,
    script: at('rcpt', { drop: '421 4.3.2 bye' }),
  },
  {
    name: 'rcpt: 450',
    what: 'delays a recipient',
    allowed: ['deferred'],
    script: at('rcpt', '450 4.2.0 later'),
  },
  {
    name: 'rcpt: 550',
    what: 'refuses a recipient',
    allowed: ['failed'],
    script: at('rcpt', '550 5.1.1 nobody'),
  },
  {
    name: 'rcpt: 452',
    what: 'takes no more recipients',
    allowed: ['deferred'],
    script: at('rcpt', '452 4.5.3 too many recipients'),
  },
  { name: 'data: drop', what: 'hangs up at DATA', allowed: UNDER_WAY, script: at('data', DROP) },
  {
    name: 'data: stall',
    what: 'does not answer DATA',
    allowed: UNDER_WAY,
    endless: true,
    script: at('data', STALL),
  },
  {
    name: 'data: garbage',
    what: 'answers DATA with garbage',
    allowed: UNDER_WAY,
    script: at('data', GARBAGE),
  },
  { name: 'data: 451', what: 'delays at DATA', allowed: ['deferred'], script: at('data', '451 4.3.0 later') },
  { name: 'data: 554', what: 'refuses at DATA', allowed: ['failed'], script: at('data', '554 5.6.0 no') },
  { name: 'body: drop', what: 'hangs up in the message', allowed: PERHAPS_SENT, script: within(DROP) },
  { name: 'body: reset', what: 'resets in the message', allowed: PERHAPS_SENT, script: within(RESET) },
  {
    name: 'body: stall',
    what: 'stops in the message',
    allowed: PERHAPS_SENT,
    endless: true,
    script: within(STALL),
  },
  {
    name: 'body: not read',
    what: 'takes nothing from the network after DATA',
    allowed: PERHAPS_SENT,
    endless: true,
    script: () => ({ stopReading: true }),
  },
  {
    name: 'body: early 451',
    what: 'delays the message before it is complete',
    allowed: PERHAPS_SENT,
    script: within('451 4.3.0 enough for now'),
  },
  {
    name: 'body: early 554',
    what: 'refuses the message before it is complete',
    allowed: ['failed', 'deferred', 'in-doubt'],
    script: within('554 5.6.0 enough'),
  },
  {
    name: 'body: early 554, drop',
    what: 'refuses the message before it is complete and hangs up',
    allowed: ['failed', 'deferred', 'in-doubt'],
    script: within({ drop: '554 5.6.0 enough' }),
  },
  {
    name: 'body: garbage',
    what: 'says garbage in the message and goes on',
    allowed: PERHAPS_SENT,
    script: within(GARBAGE),
  },
  { name: 'dot: drop', what: 'hangs up after the dot', allowed: ['in-doubt'], script: at('dot', DROP) },
  { name: 'dot: reset', what: 'resets after the dot', allowed: ['in-doubt'], script: at('dot', RESET) },
  {
    name: 'dot: stall',
    what: 'never answers the dot',
    allowed: ['in-doubt'],
    endless: true,
    script: at('dot', STALL),
  },
  {
    name: 'dot: garbage',
    what: 'answers the dot with garbage',
    allowed: ['in-doubt'],
    script: at('dot', GARBAGE),
  },
  {
    name: 'dot: half a reply',
    what: 'hangs up in the middle of its last reply',
    allowed: ['in-doubt'],
    script: at('dot', { rawDrop: '25' }),
  },
  {
    name: 'dot: too late',
    what: 'accepts when nobody waits any more',
    allowed: ['in-doubt'],
    endless: true,
    script: slowly('dot', () => tooLate('250 2.0.0 late')),
  },
  {
    name: 'dot: late',
    what: 'accepts a little later',
    allowed: ['delivered'],
    script: slowly('dot', (dice) => inTime(dice, '250 2.0.0 late')),
  },
  {
    name: 'dot: bytewise',
    what: 'accepts one byte at a time',
    allowed: ['delivered'],
    script: at('dot', { bytewise: '250-2.0.0 thank\r\n250 2.0.0 you' }),
  },
  {
    name: 'dot: 421',
    what: 'refuses the message because it ends',
    allowed: UNDER_WAY,
    script: at('dot', { drop: '421 4.3.2 bye' }),
  },
  {
    name: 'dot: 451',
    what: 'delays the message',
    allowed: ['deferred'],
    script: at('dot', '451 4.3.0 later'),
  },
  { name: 'dot: 554', what: 'refuses the message', allowed: ['failed'], script: at('dot', '554 5.6.0 no') },
  {
    name: 'dot: accepts, drop',
    what: 'accepts and hangs up',
    allowed: ['delivered'],
    script: at('dot', { drop: '250 2.0.0 bye' }),
  },
  { name: 'quit: drop', what: 'hangs up at QUIT', allowed: ['delivered'], script: at('quit', DROP) },
  { name: 'quit: stall', what: 'does not answer QUIT', allowed: ['delivered'], script: at('quit', STALL) },
]
