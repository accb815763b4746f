/**
 * Takes a mail from a person at a terminal. To be called for a terminal only: from a pipe a dot or a tilde is text.
 * Whatever happens (^C twice, a terminal that goes away, a signal), what was typed is either returned or handed to
 * `keep`, unless its writer threw it away.
 */
import type { Terminal } from '../exit.ts'
import { addRecipients, addText, typedSoFar, type Letter, type Typed } from './letter.ts'
import type { TerminalInput } from './terminal-input.ts'
import { obeyEscape, recipientPrompt, type AfterLine, type Typist } from './tilde-escapes.ts'

export type { Typed } from './letter.ts'

/** What is known of the mail already, and what is to be asked for. */
export interface Asking {
  /** Given on the command line: not asked for. */
  readonly subject: string | undefined
  /** Address lists that were given; they come first in the result. */
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  /** Asks for a subject where none was given. */
  readonly askSubject: boolean
  /** Asks for recipients of copies after the body. */
  readonly askCc: boolean
  readonly askBcc: boolean
  /** A lone dot ends the body, as ^D does. */
  readonly dotEnds: boolean
  /** ^C has no effect, as `-i` asks for. */
  readonly ignoreInterrupts: boolean
  /** Where `~` in file names points to. */
  readonly home: string
  /** Keeps a letter that was broken off and has a body. What it throws, {@link typeMail} throws. */
  readonly keep: (letter: Typed) => Promise<void>
}

/** What the variables of the mailrc files say about asking. */
export function asked(
  variables: ReadonlyMap<string, string | true>,
): Pick<Asking, 'askSubject' | 'askCc' | 'askBcc' | 'dotEnds'> {
  return {
    askSubject: variables.has('asksub'),
    askCc: variables.has('askcc'),
    askBcc: variables.has('askbcc'),
    dotEnds: variables.has('dot'),
  }
}

/** Ends the typing from any depth; thrown and caught in this file only. */
class BrokenOff extends Error {
  readonly end: 'keep' | 'discard'

  constructor(end: 'keep' | 'discard') {
    super('the letter was broken off')
    this.end = end
  }
}

/** The next line, asked for again after an interrupt; undefined at the end of input. */
function lineReader(asking: Asking, print: (text: string) => void, input: TerminalInput) {
  let interrupted = false
  return async (prompt: string): Promise<Buffer | undefined> => {
    for (;;) {
      if (prompt !== '') print(prompt)
      const event = await input.next()
      if (event.kind === 'hangup') throw new BrokenOff('keep')
      if (event.kind === 'interrupt') {
        print('\n')
        if (asking.ignoreInterrupts) continue
        if (interrupted) throw new BrokenOff('keep')
        interrupted = true
        print('(Interrupt -- one more to kill letter)\n')
        continue
      }
      interrupted = false
      return event.kind === 'line' ? event.bytes : undefined
    }
  }
}

type ReadLine = ReturnType<typeof lineReader>

async function obeyLine(typist: Typist, line: Buffer, dotEnds: boolean): Promise<AfterLine> {
  const text = line.toString()
  if (dotEnds && text === '.') return 'send'
  if (text.startsWith('~') && !text.startsWith('~~')) return obeyEscape(typist, text)
  addText(typist.letter, text.startsWith('~~') ? line.subarray(1) : line)
  return 'next'
}

async function readBody(typist: Typist, readLine: ReadLine, dotEnds: boolean): Promise<void> {
  for (;;) {
    const line = await readLine('')
    const after = line === undefined ? 'send' : await obeyLine(typist, line, dotEnds)
    if (after === 'send') return
    if (after !== 'next') throw new BrokenOff(after)
  }
}

async function askAll(asking: Asking, typist: Typist, readLine: ReadLine): Promise<void> {
  const { letter } = typist
  if (asking.subject === undefined && asking.askSubject) letter.subject = await typist.ask('Subject: ')
  await readBody(typist, readLine, asking.dotEnds)
  if (asking.askCc) addRecipients(letter, 'cc', await typist.ask(recipientPrompt(letter, 'cc')))
  if (asking.askBcc) addRecipients(letter, 'bcc', await typist.ask(recipientPrompt(letter, 'bcc')))
  if (!asking.askCc && !asking.askBcc) typist.print('EOT\n')
}

function newLetter({ subject = '', to, cc, bcc }: Asking): Letter {
  return { subject, recipients: { to: [...to], cc: [...cc], bcc: [...bcc] }, lines: [] }
}

/**
 * Asks for a mail.
 *
 * @param asking see {@link Asking}
 * @param terminal where prompts go
 * @param input where lines come from: the terminal of standard input; closed in the end
 * @returns the mail, or 'abandoned' when it was broken off; then nothing is to be sent, and `keep` was called for
 *   what is to be kept
 */
export async function typeMail(
  asking: Asking,
  terminal: Pick<Terminal, 'print'>,
  input: TerminalInput,
): Promise<Typed | 'abandoned'> {
  const letter = newLetter(asking)
  const print = (text: string): void => terminal.print(text)
  const readLine = lineReader(asking, print, input)
  const ask = async (prompt: string): Promise<string> => {
    const line = await readLine(prompt)
    // ^D leaves the cursor behind the prompt.
    if (line === undefined) print('\n')
    return line?.toString().trim() ?? ''
  }
  try {
    await askAll(asking, { letter, home: asking.home, print, ask }, readLine)
    return typedSoFar(letter)
  } catch (error) {
    const typed = typedSoFar(letter)
    const isKept = !(error instanceof BrokenOff) || error.end === 'keep'
    if (isKept && typed.body.length > 0) await asking.keep(typed)
    if (error instanceof BrokenOff) return 'abandoned'
    throw error
  } finally {
    input.close()
  }
}
