/**
 * Names -> what the aliases of the mailrc files make of them. It always ends, and no name is lost: what leads round in
 * a circle and to nobody else stays as it was named. Nothing is looked up in the aliases file here; that comes after.
 */
import { placeMailboxes } from '../../message/address/list.ts'
import { dedupe } from '../../message/address/address.ts'
import type { MailRc } from './mailrc.ts'

/** The mailboxes of a member, as they are written: `ann, "Bob" <bob@h.example>` is two. What is no list stays whole. */
function mailboxesIn(member: string): readonly string[] {
  const places = placeMailboxes(member) ?? []
  return places.length === 0 ? [member] : places.map(({ start, end }) => member.slice(start, end))
}

/** All that one name leads to, each alias followed once. */
function membersOf(first: string, aliases: MailRc['aliases']): string[] {
  const found: string[] = []
  const followed = new Set<string>()
  const waiting = [{ name: first, within: '' }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, within } = next
    const members = aliases.get(name)
    if (name.startsWith('\\')) found.push(name.slice(1))
    // An alias that names itself means the address of that name.
    else if (members === undefined || name === within) found.push(name)
    else if (!followed.has(name)) {
      followed.add(name)
      const inside = members.flatMap(mailboxesIn).map((mailbox) => ({ name: mailbox, within: name }))
      // One by one: as arguments of one call, the members of a long alias would not fit on the stack.
      for (const each of inside.reverse()) waiting.push(each)
    }
  }
  return found.length === 0 ? [first] : found
}

/**
 * Expands names by the aliases.
 *
 * @param names one mailbox each, as the user named it; a backslash before a name keeps it from being expanded
 * @param aliases those of {@link MailRc}
 * @returns mailboxes as the aliases have them, each once
 */
export function expandMailAliases(names: readonly string[], aliases: MailRc['aliases']): string[] {
  return dedupe(names.flatMap((name) => membersOf(name.trim(), aliases)))
}
