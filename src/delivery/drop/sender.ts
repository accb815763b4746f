/**
 * Which senders a user may use for mail that he drops: the option `sender_login`. The user is the owner of the dropped
 * file, so nobody can be somebody else. What cannot be decided, such as by a file with a mistake, is an error: the mail
 * waits until somebody mends it.
 *
 *     any     every address
 *     own     the login name at this host, with or without a tag, and the null sender; not the login name of another user
 *             that only looks like a tag
 *     FILE    lines `USER: PATTERN PATTERN ...`; a user is a login name, a number, or `*` for all; a pattern is as in
 *             match_from, or the word `own`. What no line allows is not allowed
 */
import { readFileSync } from 'node:fs'
import type { Config, SenderLogin } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import { describeError } from '../../errors/errno.ts'
import { formatLocalPart, splitAddress } from '../../message/address/address.ts'
import { hostName } from '../../util/host-name.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { fitsAddress, type Submitter } from '../account/choose.ts'

/** Decides about a sender; undefined when the user may use it, else why not. */
export type SenderRule = (submitter: Submitter, sender: string) => string | undefined

/** What senders are compared with. */
interface Site {
  readonly config: Config
  readonly logins: readonly string[]
}

interface Line {
  readonly user: string
  readonly patterns: readonly string[]
}

function parseLine(text: string, where: string): Line[] {
  const line = text.replace(/(?:^|\s)#.*$/, '').trim()
  if (line === '') return []
  const [, user, rest = ''] = /^([^\s:]+)\s*:\s*(.*)$/.exec(line) ?? []
  const patterns = rest.split(/[\s,]+/).filter((word) => word !== '')
  if (user === undefined || patterns.length === 0) {
    throw new MailError(
      'CONFIG_INVALID',
      `${where}: "${line.slice(0, 80)}" is no rule; write USER: PATTERN ...`,
    )
  }
  return [{ user, patterns: patterns.map((pattern) => pattern.toLowerCase()) }]
}

function readLines(path: string): Line[] {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const words = `sender_login: the file ${path} cannot be read: ${describeError(error)}; correct the path or its mode`
    throw new MailError('CONFIG_MISSING', words, { cause: error })
  }
  return text.split(/\r?\n/).flatMap((line, at) => parseLine(line, `${path}:${at + 1}`))
}

/** The domains that are this host's. */
function ownDomains({ qualifyDomain, localDomains, headers }: Config): ReadonlySet<string> {
  const { masquerade } = headers
  const all = [
    mailDomain(qualifyDomain),
    hostName(),
    ...localDomains,
    ...(masquerade ? [masquerade.domain] : []),
  ]
  return new Set(all.map((domain) => domain.toLowerCase()))
}

/** The address of a user at this host; undefined for one without a name. */
export function ownAddress(config: Config, { user }: Submitter): string | undefined {
  return user === undefined ? undefined : `${formatLocalPart(user)}@${mailDomain(config.qualifyDomain)}`
}

/** Whether a local part is that of a login name, with or without a tag. */
function isOf(config: Config, local: string, login: string): boolean {
  const name = formatLocalPart(login).toLowerCase()
  return local === name || local.startsWith(`${name}${config.recipientDelimiter ?? '+'}`)
}

function isOwn({ config, logins }: Site, { user }: Submitter, sender: string): boolean {
  if (sender === '') return true
  const { local, domain } = splitAddress(sender)
  if (user === undefined || domain === undefined || !ownDomains(config).has(domain.toLowerCase()))
    return false
  const given = local.toLowerCase()
  // Where names may have the delimiter in them, ann-marie is somebody, and no ann with a tag.
  const another = (login: string): boolean => login.length > user.length && isOf(config, given, login)
  return isOf(config, given, user) && !logins.some(another)
}

function isListed(site: Site, lines: readonly Line[], submitter: Submitter, sender: string): boolean {
  const names = ['*', submitter.user, submitter.uid === undefined ? undefined : String(submitter.uid)]
  return lines
    .filter(({ user }) => names.includes(user))
    .flatMap(({ patterns }) => patterns)
    .some((each) => (each === 'own' ? isOwn(site, submitter, sender) : fitsAddress([each], sender)))
}

function mayUse(site: Site, rule: SenderLogin): (submitter: Submitter, sender: string) => boolean {
  switch (rule.rule) {
    case 'any':
      return () => true
    case 'own':
      return (submitter, sender) => isOwn(site, submitter, sender)
    case 'file': {
      const lines = readLines(rule.path)
      return (submitter, sender) => isListed(site, lines, submitter, sender)
    }
  }
}

/** A user in words. */
export function nameOf({ user, uid }: Submitter): string {
  return user === undefined ? `the user ${uid ?? '?'}` : `the user ${user} (${uid ?? '?'})`
}

/**
 * The rule of the configuration.
 *
 * @param logins the login names of this host
 * @throws MailError CONFIG_MISSING or CONFIG_INVALID when its file cannot be used
 */
export function senderRule(config: Config, logins: readonly string[]): SenderRule {
  const allows = mayUse({ config, logins }, config.senderLogin)
  return (submitter, sender) =>
    allows(submitter, sender)
      ? undefined
      : `${nameOf(submitter)} may not send as <${sender}> on this host (sender_login)`
}
