/**
 * The facts that log events carry: each name with what it is and what it means, the same in every event. A name is
 * never given a second meaning; docs/logging.md carries the same table. The kind of a fact decides its type in the code
 * and what `log_privacy` does with it.
 */

/** The kinds of facts: what each is as JSON, for the documentation. */
export const FACT_KINDS = {
  name: 'text',
  words: 'text for people',
  address: 'mail address',
  addresses: 'list of mail addresses',
  names: 'list of texts',
  number: 'number',
  flag: 'true or false',
  time: 'milliseconds since the epoch',
  object: 'object',
  objects: 'list of objects',
} as const

/** What the kinds are in the code. */
interface KindTypes {
  name: string
  /** Of a server, a plug-in or of ours: it may name addresses. */
  words: string
  address: string
  addresses: readonly string[]
  names: readonly string[]
  number: number
  flag: boolean
  time: number
  object: object
  objects: readonly object[]
}

/** One fact. */
interface Fact {
  readonly kind: keyof KindTypes
  readonly means: string
}

/** The facts by name. */
export const FACTS = {
  account: { kind: 'name', means: 'the account of the message, or the one that the event is about' },
  accounts: { kind: 'objects', means: 'accounts that could not be used: `account`, `reason`, `missing`' },
  action: { kind: 'name', means: 'what an administrator did, such as `hold` or `delete`' },
  busy: { kind: 'flag', means: 'another runner is at work on the queue' },
  by: { kind: 'name', means: 'who did it' },
  code: { kind: 'number', means: 'the reply code of the server, such as 550' },
  connection: { kind: 'name', means: 'tells the connections of one process apart' },
  count: { kind: 'number', means: 'how many' },
  deferred: { kind: 'number', means: 'how many still wait' },
  delivered: { kind: 'number', means: 'how many were delivered' },
  discarded: { kind: 'number', means: 'how many were thrown away' },
  duration: { kind: 'number', means: 'how long it took, in milliseconds' },
  enhanced: { kind: 'name', means: 'the enhanced status code of the server, such as 5.1.1' },
  failed: { kind: 'number', means: 'how many failed for good' },
  failures: { kind: 'number', means: 'how many failures in a row' },
  faults: { kind: 'objects', means: 'what this site lacks for some mail: `account`, `reason`, `isNew`' },
  files: { kind: 'names', means: 'the names of the first files' },
  held: { kind: 'number', means: 'how many went to hold/' },
  id: { kind: 'name', means: 'the queue id of the message; a message that was never queued has none' },
  ids: { kind: 'names', means: 'the queue ids that it has now, or those of the events' },
  inDoubt: { kind: 'flag', means: 'the server may have the message' },
  key: { kind: 'name', means: 'the file of the DKIM key' },
  limit: { kind: 'name', means: 'the key of the limit, such as `limit_per_hour`' },
  line: { kind: 'words', means: 'what was said: `C: ` by us, `S: ` by the server' },
  most: { kind: 'number', means: 'how many the limit allows' },
  name: { kind: 'name', means: 'the name of the file' },
  onLimit: { kind: 'name', means: 'what the site wants done with new mail above its limit' },
  path: { kind: 'name', means: 'the folder' },
  plugin: { kind: 'name', means: 'the plug-in' },
  quarantined: { kind: 'number', means: 'how many files were moved to corrupt/' },
  queue: { kind: 'name', means: 'the queue directory' },
  reason: { kind: 'words', means: 'why, in one line: the words of the server where it answered' },
  recipient: { kind: 'address', means: 'the recipient whom the line is about' },
  recipients: { kind: 'addresses', means: 'the recipients whom the line is about' },
  recovered: { kind: 'number', means: 'how many claims of dead processes were taken back' },
  remoteId: { kind: 'name', means: 'the queue id that the server gave the message' },
  reply: { kind: 'words', means: 'the final reply of the server, on one line' },
  report: { kind: 'name', means: 'the queue id of the report that was made' },
  reportsTaken: { kind: 'flag', means: 'the server sends the delivery reports that were asked for' },
  scope: { kind: 'name', means: 'whose fault it is: `recipient`, `message`, `account`, `host` or `caller`' },
  sender: { kind: 'address', means: 'the envelope sender; empty for the null sender' },
  server: { kind: 'name', means: 'the server, or where else the message went' },
  settled: { kind: 'name', means: 'where the message is now' },
  signal: { kind: 'name', means: 'the signal at which the plug-in failed' },
  size: { kind: 'number', means: 'octets of the message' },
  source: { kind: 'name', means: 'the file that the message was imported from' },
  status: { kind: 'name', means: 'the outcome: `delivered`, `deferred`, `failed` or `in-doubt`' },
  stopped: { kind: 'object', means: 'why not everything was tried: `scope`, `reason`, `account`' },
  to: { kind: 'address', means: 'whom the report is for' },
  transport: { kind: 'name', means: 'the server of the account' },
  trouble: { kind: 'name', means: 'what is wrong with the account, such as `connection` or `login`' },
  uid: { kind: 'number', means: 'the user id of the owner' },
  underWay: { kind: 'flag', means: 'the message was under way when the session ended' },
  unreadable: { kind: 'words', means: 'why a message could not be read' },
  until: { kind: 'time', means: 'when it is tried again' },
  user: { kind: 'name', means: 'the name of the owner' },
  why: { kind: 'words', means: 'what is wrong with the file' },
} as const satisfies Readonly<Record<string, Fact>>

/** A key of {@link FACTS}. */
export type FactName = keyof typeof FACTS

/** What a fact is in the code. */
export type FactType<N extends FactName> = KindTypes[(typeof FACTS)[N]['kind']]

/** The kind of a fact; undefined for a name that is none, as a program with a logger of its own may use. */
export function kindOf(name: string): keyof KindTypes | undefined {
  return Object.hasOwn(FACTS, name) ? FACTS[name as FactName].kind : undefined
}
