/**
 * The lines that mean something to whoever takes a mail from a terminal: those that begin with `~`. They change the
 * letter, show it or end it; none of them runs anything, and the only file that one opens is the one that was named.
 * A letter that is not in the table is told, and its line is not a part of the mail.
 */
import { closeSync, fstatSync, openSync, constants, readFileSync } from 'node:fs'
import { describeError } from '../../errors/errno.ts'
import { homePath } from './home-path.ts'
import { addRecipients, addText, fieldLines, typedSoFar, type Letter } from './letter.ts'
import { RECIPIENT_FIELDS, type RecipientKind } from './recipient-kinds.ts'

/** Who types. */
export interface Typist {
  readonly letter: Letter
  readonly home: string
  readonly print: (text: string) => void
  /** Asks for a line; the empty string when nothing is typed. */
  readonly ask: (prompt: string) => Promise<string>
}

/** How it goes on after a line: with the next one, or as the end of the letter, which is sent, kept or thrown away. */
export type AfterLine = 'next' | 'send' | 'keep' | 'discard'

interface Escape {
  readonly letter: string
  /** The name of what follows, for people. */
  readonly argument?: string
  readonly meaning: string
  readonly run: (typist: Typist, argument: string) => Promise<AfterLine> | AfterLine
}

/** Largest file that is taken into a letter, in bytes: that of a whole body. */
const MAX_FILE = 32 * 1024 * 1024

function readWholeFile(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Error('it is not a regular file')
    if (stats.size > MAX_FILE) throw new Error('it is larger than 32 MB')
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function readInto({ letter, home, print }: Typist, name: string): AfterLine {
  if (name === '') {
    print('Name the file: ~r FILE\n')
    return 'next'
  }
  try {
    const bytes = readWholeFile(homePath(name, { home }))
    if (bytes.length > 0) addText(letter, bytes)
    print(`"${name}" ${bytes.toString('latin1').split('\n').length - 1}/${bytes.length}\n`)
  } catch (error) {
    print(`"${name}" is not read: ${describeError(error)}\n`)
  }
  return 'next'
}

function show({ letter, print }: Typist): AfterLine {
  const typed = typedSoFar(letter)
  print(`-------\nMessage contains:\n${fieldLines(typed).join('\n')}\n\n${typed.body.toString()}(continue)\n`)
  return 'next'
}

/** The prompt for more recipients, with those that are there. */
export function recipientPrompt({ recipients }: Letter, kind: RecipientKind): string {
  return `${RECIPIENT_FIELDS[kind]}: ${recipients[kind].map((list) => `${list}, `).join('')}`
}

async function askForFields({ letter, ask, print }: Typist): Promise<AfterLine> {
  addRecipients(letter, 'to', await ask(recipientPrompt(letter, 'to')))
  const subject = await ask(letter.subject === '' ? 'Subject: ' : `Subject (now: ${letter.subject}): `)
  if (subject !== '') letter.subject = subject
  addRecipients(letter, 'cc', await ask(recipientPrompt(letter, 'cc')))
  addRecipients(letter, 'bcc', await ask(recipientPrompt(letter, 'bcc')))
  print('(continue)\n')
  return 'next'
}

const addTo =
  (kind: RecipientKind): Escape['run'] =>
  ({ letter }, list) => {
    addRecipients(letter, kind, list)
    return 'next'
  }

function setSubject({ letter }: Typist, subject: string): AfterLine {
  letter.subject = subject
  return 'next'
}

function help({ print }: Typist): AfterLine {
  const rows = ESCAPES.map(({ letter, argument, meaning }) => {
    const typed = argument === undefined ? `~${letter}` : `~${letter} ${argument}`
    return `${typed.padEnd(12)} ${meaning}\n`
  })
  print(`${rows.join('')}${'~~TEXT'.padEnd(12)} the line ~TEXT\n`)
  return 'next'
}

/** Every line that means something, but for `~~`, which takes the meaning away. */
export const ESCAPES: readonly Escape[] = [
  { letter: '.', meaning: 'end the message and send it', run: () => 'send' },
  { letter: 'q', meaning: 'break off; what was typed is kept as a dead letter', run: () => 'keep' },
  { letter: 'x', meaning: 'break off; what was typed is thrown away', run: () => 'discard' },
  { letter: 's', argument: 'SUBJECT', meaning: 'set the subject', run: setSubject },
  { letter: 't', argument: 'ADDRESS', meaning: 'add recipients', run: addTo('to') },
  { letter: 'c', argument: 'ADDRESS', meaning: 'add recipients of copies', run: addTo('cc') },
  { letter: 'b', argument: 'ADDRESS', meaning: 'add recipients of blind copies', run: addTo('bcc') },
  { letter: 'h', meaning: 'ask for more recipients and for the subject', run: askForFields },
  { letter: 'r', argument: 'FILE', meaning: 'take the text of a file into the message', run: readInto },
  { letter: 'p', meaning: 'show the message so far', run: show },
  { letter: '?', meaning: 'show this list', run: help },
]

/** Obeys a line that begins with `~`. What follows a letter that takes nothing makes it another line: `~.5 km`. */
export async function obeyEscape(typist: Typist, line: string): Promise<AfterLine> {
  const [, letter = ''] = line
  const argument = line.slice(1 + letter.length).trim()
  const found = ESCAPES.find((each) => each.letter === letter)
  if (found !== undefined && (argument === '' || found.argument !== undefined))
    return found.run(typist, argument)
  const named = argument === '' ? `~${letter}` : `~${letter}...`
  typist.print(`${named} is not supported; ~? shows what is, and ~~ begins a line with ~\n`)
  return 'next'
}
