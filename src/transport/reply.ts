/**
 * Server replies as facts: the reply code, the enhanced status code, one clean line of text and the server's
 * own queue id. Any text can be given, also one that is no SMTP reply at all; nothing here throws.
 */

/** A reply, taken apart. */
export interface Reply {
  /** The three-digit code (RFC 5321 section 4.2); absent when the text does not start with one. */
  readonly code?: number
  /** The enhanced status code (RFC 2034, RFC 3463) of the last line that carries one. */
  readonly enhanced?: string
  /** The whole reply on one line, codes included, without control characters. */
  readonly text: string
}

const LINE = /^([2-5]\d\d)(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?= |$))?/
/** Control, format (also bidirectional overrides) and line separator characters: none may reach a log. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu
/** Most text has none of them; the classes of Unicode take long to compile. */
const PLAIN = /^[ -~]*$/
const LONGEST = 1000

/** Makes any text safe for a log and a terminal: one line, at most 1000 characters, no control characters. */
export function oneLine(text: string): string {
  const clean = (PLAIN.test(text) ? text : text.replace(UNPRINTABLE, ' ')).trim()
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}...` : clean
}

/** The text of a reply, as {@link parseReply} gives it; the usual reply has one line, which is as it is. */
export function replyText(response: string): string {
  return response.includes('\n') ? parseReply(response).text : oneLine(response)
}

/**
 * Takes a reply apart. Continuation lines are joined by a blank, their repeated codes are left out.
 *
 * @param response one complete reply; its lines are separated by LF or CRLF
 */
export function parseReply(response: string): Reply {
  const texts: string[] = []
  let code: string | undefined
  let enhanced: string | undefined
  for (const line of response.split(/\r?\n/)) {
    const match = LINE.exec(line)
    if (match === null || texts.length === 0) texts.push(line)
    else texts.push(line.slice(match[0].length).trim())
    code ??= texts.length === 1 ? match?.[1] : undefined
    enhanced = match?.[2] ?? enhanced
  }
  return {
    ...(code === undefined ? undefined : { code: Number(code) }),
    ...(enhanced === undefined ? undefined : { enhanced }),
    text: oneLine(texts.filter((text) => text !== '').join(' ')),
  }
}

/** How the servers in use name the message they have just taken; the first match is the id. */
const QUEUE_ID_FORMS: readonly RegExp[] = [
  // Postfix and what is built on it
  /\bqueued as ([A-Za-z0-9.-]+)/i,
  // Exim
  /\bid=([A-Za-z0-9.-]+)/,
  // sendmail, OpenSMTPD
  /^2\d\d (?:2\.\d+\.\d+ )?(\S+) Message accepted for delivery/i,
  // Exchange
  /\[InternalId=(\d+)/i,
  // Google
  /\bOK\s+\d{9,} (\S+) - gsmtp/i,
  // qmail
  /\bqp (\d+)$/,
  // Amazon SES
  /^250 (?:2\.\d+\.\d+ )?Ok:? ([0-9a-f]+(?:-[0-9a-f]+)+)$/i,
  // others
  /\b(?:queue(?:d with)?|message|mail)[ -]?id[ :=]+<?([^\s<>;,]+)/i,
]

/**
 * The queue id a server gave the message.
 *
 * @param text the final reply, on one line
 * @returns undefined when the reply names none in a known form
 */
export function remoteQueueId(text: string): string | undefined {
  for (const form of QUEUE_ID_FORMS) {
    const id = form.exec(text)?.[1]
    if (id !== undefined) return id
  }
  return undefined
}
