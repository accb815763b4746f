/**
 * What the sender wants to be told, as one line of the metadata block: `RET=HDRS ENVID=x+20y NOTIFY=FAILURE,DELAY`,
 * the words of RFC 3461, with an envelope id in xtext (section 4). What cannot be understood counts as not asked for.
 */
import type { Notify, ReportRequest } from '../message/envelope.ts'

const NOTIFY: readonly Notify[] = ['never', 'success', 'failure', 'delay']

const toXtext = (text: string): string =>
  text.replace(
    /[^!-*,-<>-~]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
const fromXtext = (text: string): string =>
  text.replace(/\+([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** Writes a request; empty when nothing special is asked for. */
export function formatReportRequest({ ret, envid, notify = [] }: ReportRequest): string {
  return [
    ...(ret === undefined ? [] : [`RET=${ret.toUpperCase()}`]),
    ...(envid === undefined ? [] : [`ENVID=${toXtext(envid)}`]),
    ...(notify.length === 0 ? [] : [`NOTIFY=${notify.join(',').toUpperCase()}`]),
  ].join(' ')
}

/** Reads a request; undefined when it asks for nothing. */
export function parseReportRequest(text: string): ReportRequest | undefined {
  const words = new Map(
    text.split(/\s+/).map((word) => {
      const equals = word.indexOf('=')
      return [word.slice(0, Math.max(0, equals)).toUpperCase(), word.slice(equals + 1)] as const
    }),
  )
  const ret = words.get('RET')?.toLowerCase()
  const envid = words.get('ENVID')
  const wanted = (words.get('NOTIFY') ?? '').toLowerCase().split(',')
  const notify = NOTIFY.filter((word) => wanted.includes(word))
  const request: ReportRequest = {
    ...(ret === 'full' || ret === 'hdrs' ? { ret } : {}),
    ...(envid === undefined || envid === '' ? {} : { envid: fromXtext(envid) }),
    ...(notify.length === 0 ? {} : { notify }),
  }
  return Object.keys(request).length === 0 ? undefined : request
}
