/**
 * What holds for a mail besides its command line: the mailrc files, and the variables of both. Nothing in these files
 * is ever run.
 */
import { recipientExpander, type Expand } from '../resolve-recipients.ts'
import type { Setup } from '../setup.ts'
import type { MailCall } from './call.ts'
import { BUILT_IN_VARIABLES, readMailRc, type MailRc } from './mailrc.ts'
import { textOf, transportVariables, withAssignments, type Variables } from './set-variables.ts'

/** The surroundings of one mail. */
export interface Circumstances {
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

/**
 * Reads the mailrc files that the call asks for, and complains of what is wrong with them.
 *
 * @throws MailError QUEUE_IO when a file cannot be read now and may be later
 */
export function circumstancesOf(setup: Setup, call: MailCall): Circumstances {
  const { terminal, caller } = setup
  const read = { env: terminal.env, home: caller.home, system: call.mailrc === 'all' }
  const builtIn = new Map(BUILT_IN_VARIABLES.map((name) => [name, true] as const))
  const rc = call.mailrc === 'none' ? undefined : readMailRc(read)
  for (const problem of rc?.problems ?? []) terminal.complain(problem)
  const standing = rc?.variables ?? builtIn
  const variables = withAssignments(standing, call.assignments)
  if (call.verbose) {
    for (const name of transportVariables(variables)) {
      terminal.complain(`the variable ${name} has no effect: mail goes to the smarthost of the configuration`)
    }
  }
  const assigned = withAssignments(new Map(), call.assignments)
  const expand = recipientExpander(setup, { aliases: call.aliases })
  return { aliases: rc?.aliases ?? new Map(), expand, variables, assigned, standing }
}

/** Where replies are to go, unless a header says so. */
export function replyTo({ terminal }: Setup, { variables, assigned }: Circumstances): string | undefined {
  const names = ['reply-to', 'replyto'] as const
  const inEnvironment = textOf(new Map([['REPLYTO', terminal.env['REPLYTO'] ?? '']]), 'REPLYTO')
  return textOf(assigned, ...names) ?? inEnvironment ?? textOf(variables, ...names)
}

/** The charset of text that is neither ASCII nor UTF-8. */
export function fallbackCharset({ config }: Setup, { variables }: Circumstances): string {
  const charset = textOf(variables, 'ttycharset', 'charset')?.toLowerCase() ?? ''
  const isKnown = /^[a-z0-9][a-z0-9._:+-]{0,39}$/.test(charset) && !/^(?:utf-?8|us-ascii)$/.test(charset)
  return isKnown ? charset : config.fallbackCharset
}
