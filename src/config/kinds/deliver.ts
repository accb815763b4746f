/**
 * The kind of the option `deliver`: where mail goes instead of a server.
 */
import { join, resolve } from 'node:path'
import type { DeliverTarget } from '../config.ts'
import { scalar, type PathBase } from './option-kind.ts'
import { quoteShellWords, shellWords } from '../shell-words.ts'

/** What stands for a part of the envelope. */
const PLACEHOLDER = /\$\{(?:sender|recipient)\}/y

const absolute = (text: string, { folder, home }: PathBase): string =>
  /^~(?:\/|$)/.test(text) ? join(home, text.slice(1)) : resolve(folder, text)

/** A program is looked for in PATH, unless there is a slash in its name. */
function readCommand(text: string, base: PathBase): DeliverTarget | undefined {
  const [program = '', ...args] = shellWords(text, PLACEHOLDER) ?? []
  if (program === '') return undefined
  return { to: 'pipe', command: [program.includes('/') ? absolute(program, base) : program, ...args] }
}

function readTarget(text: string, base: PathBase): DeliverTarget | undefined {
  if (text === 'smtp' || text === 'discard') return { to: text }
  const rest = text.slice(text.indexOf(':') + 1).trim()
  if (rest === '') return undefined
  if (text.startsWith('file:')) return { to: 'file', directory: absolute(rest, base) }
  return text.startsWith('pipe:') ? readCommand(rest, base) : undefined
}

function formatTarget(target: DeliverTarget): string {
  switch (target.to) {
    case 'file':
      return `file:${target.directory}`
    case 'pipe':
      return `pipe:${quoteShellWords(target.command)}`
    case 'smtp':
    case 'discard':
      return target.to
  }
}

/** Where mail goes. */
export const DELIVER = scalar({
  form: 'smtp, discard, file:/path/to/Maildir, or pipe:command with its arguments',
  read: readTarget,
  format: formatTarget,
})
