/**
 * What holds for a mail besides its command line: the mailrc files, and the variables of both. Nothing in these files
 * is ever run.
 */
import type { Complain } from '../../logging/complain.ts'
import type { Terminal } from '../exit.ts'
import { recipientExpander, type Expand } from '../resolve-recipients.ts'
import type { Setup } from '../setup.ts'
import type { MailCall } from './call.ts'
import { BUILT_IN_VARIABLES, readMailRc, type MailRc } from './mailrc.ts'
import { textOf, transportVariables, withAssignments, type Variables } from './set-variables.ts'

/** The surroundings of one mail. */
export interface Circumstances {
  /** Says what is wrong with a file or a recipient, each thing once: several recipients may stumble over one line. */
  readonly tell: Complain
  readonly aliases: MailRc['aliases']
  /** Expands by the aliases file, which is read once for all names of the call. */
  readonly expand: Expand
  /** Those of the mailrc files, with those of the command line over them. */
  readonly variables: Variables
  /** What the command line alone sets: it goes before everything in a file. */
  readonly assigned: Variables
  /** What the mailrc files alone set. */
  readonly standing: Variables
}

function onceEach(complain: Complain): Complain {
  const told = new Set<string>()
  return (line) => {
    if (!told.has(line)) complain(line)
    told.add(line)
  }
}

/**
 * Reads the mailrc files that the call asks for, and complains of what is wrong with them.
 *
 * @throws MailError QUEUE_IO when a file cannot be read now and may be later
 */
export function circumstancesOf(setup: Setup, call: MailCall): Circumstances {
  const { terminal, caller } = setup
  const tell = onceEach((line) => terminal.complain(line))
  const read = { env: terminal.env, home: caller.home, system: call.mailrc === 'all' }
  const builtIn = new Map(BUILT_IN_VARIABLES.map((name) => [name, true] as const))
  const rc = call.mailrc === 'none' ? undefined : readMailRc(read)
  for (const problem of rc?.problems ?? []) tell(problem)
  const standing = rc?.variables ?? builtIn
  const variables = withAssignments(standing, call.assignments)
  if (call.verbose) {
    for (const name of transportVariables(variables)) {
      tell(`the variable ${name} has no effect: mail goes to the smarthost of the configuration`)
    }
  }
  const assigned = withAssignments(new Map(), call.assignments)
  const telling: Terminal = { ...terminal, complain: tell }
  const expand = recipientExpander({ ...setup, terminal: telling }, { aliases: call.aliases })
  return { tell, aliases: rc?.aliases ?? new Map(), expand, variables, assigned, standing }
}

/** Where replies are to go, unless a header says so. */
export function replyTo({ terminal }: Setup, { variables, assigned }: Circumstances): string | undefined {
  const names = ['reply-to', 'replyto'] as const
  const inEnvironment = textOf(new Map([['REPLYTO', terminal.env['REPLYTO'] ?? '']]), 'REPLYTO')
  return textOf(assigned, ...names) ?? inEnvironment ?? textOf(variables, ...names)
}

/** Charsets in which an octet under 128 is not always the character of ASCII: text that is looked at in octets is in none. */
const NO_SUPERSET =
  /^(?:cs)?(?:utf-?(?:7|16|32)|ucs|unicode|iso-10646|iso-?2022|hz|ebcdic|(?:cp|ibm)-?0?(?:37|500|1026|1047)\b)/

/** The charset of text that is neither ASCII nor UTF-8. */
export function fallbackCharset({ config }: Setup, { variables }: Circumstances): string {
  const charset = textOf(variables, 'ttycharset', 'charset')?.toLowerCase() ?? ''
  const isName = /^[a-z0-9][a-z0-9._:+-]{0,39}$/.test(charset)
  const isPossible = isName && !/^(?:utf-?8|us-ascii)$/.test(charset) && !NO_SUPERSET.test(charset)
  return isPossible ? charset : config.fallbackCharset
}

const ENCODINGS: ReadonlyMap<string, 'base64' | 'quoted-printable'> = new Map([
  ['base64', 'base64'],
  ['b64', 'base64'],
  ['quoted-printable', 'quoted-printable'],
  ['qp', 'quoted-printable'],
])

/** The encoding that is wanted for text that needs one. Eight bits are none: a message may have to wait for any server. */
export function textEncoding({ variables }: Circumstances): 'base64' | 'quoted-printable' | undefined {
  return ENCODINGS.get(textOf(variables, 'mime-encoding', 'encoding')?.toLowerCase() ?? '')
}
