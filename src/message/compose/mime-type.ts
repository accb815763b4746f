/**
 * The media type of a file by the end of its name: from a table of what people attach, then from the table of the
 * system, which is read when it is needed and only as far as a table may be long. Never fails; what neither knows
 * has no type.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** The table of the system. */
const SYSTEM_TABLE = '/etc/mime.types'
/** As much of it as is read, in octets. */
const LARGEST_TABLE = 1024 * 1024

/** Type, and the ends of names it has. */
const KNOWN: readonly (readonly [type: string, ends: string])[] = [
  ['text/plain', 'txt text log conf cfg ini asc'],
  ['text/csv', 'csv'],
  ['text/tab-separated-values', 'tsv'],
  ['text/html', 'html htm'],
  ['text/css', 'css'],
  ['text/javascript', 'js mjs'],
  ['text/markdown', 'md markdown'],
  ['text/calendar', 'ics'],
  ['text/vcard', 'vcf'],
  ['text/x-diff', 'diff patch'],
  ['application/json', 'json'],
  ['application/xml', 'xml'],
  ['application/yaml', 'yaml yml'],
  ['application/pdf', 'pdf'],
  ['application/rtf', 'rtf'],
  ['application/zip', 'zip'],
  ['application/gzip', 'gz tgz'],
  ['application/x-bzip2', 'bz2'],
  ['application/x-xz', 'xz'],
  ['application/zstd', 'zst'],
  ['application/x-tar', 'tar'],
  ['application/x-7z-compressed', '7z'],
  ['application/msword', 'doc'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.ms-powerpoint', 'ppt'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'pptx'],
  ['application/vnd.oasis.opendocument.text', 'odt'],
  ['application/vnd.oasis.opendocument.spreadsheet', 'ods'],
  ['image/png', 'png'],
  ['image/jpeg', 'jpg jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
  ['image/svg+xml', 'svg'],
  ['image/bmp', 'bmp'],
  ['image/tiff', 'tif tiff'],
  ['audio/mpeg', 'mp3'],
  ['audio/ogg', 'ogg'],
  ['video/mp4', 'mp4'],
  ['video/webm', 'webm'],
]

type Table = ReadonlyMap<string, string>

function tableOf(rows: readonly (readonly [string, readonly string[]])[]): Table {
  const table = new Map<string, string>()
  for (const [type, ends] of rows) for (const end of ends) if (!table.has(end)) table.set(end, type)
  return table
}

/** The beginning of a regular file as text; empty when there is none. */
function beginningOf(path: string): string {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, LARGEST_TABLE))
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0))
  } catch {
    return ''
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Reads a table whose lines are a type and the ends of names, by blanks; `#` begins a comment. */
function readTable(path: string): Table {
  const lines = beginningOf(path).split('\n')
  const rows = lines.map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/))
  const typed = rows.filter(([type = '']) => /^[a-z0-9.+_-]+\/[a-z0-9.+_-]+$/.test(type))
  return tableOf(typed.map(([type = '', ...ends]) => [type, ends]))
}

let known: Table | undefined
const system = new Map<string, Table>()

/**
 * Looks a type up.
 *
 * @param name the name of the file; upper and lower case are the same
 * @param systemTable the table to ask for what is not known here
 * @returns the type in lower case, or undefined
 */
export function mimeType(name: string, systemTable = SYSTEM_TABLE): string | undefined {
  const end = /[^.]\.([^.]+)$/.exec(name)?.[1]?.toLowerCase()
  if (end === undefined) return undefined
  known ??= tableOf(KNOWN.map(([type, ends]) => [type, ends.split(' ')]))
  const type = known.get(end)
  if (type !== undefined) return type
  const table = system.get(systemTable) ?? readTable(systemTable)
  system.set(systemTable, table)
  return table.get(end)
}
