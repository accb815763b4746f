/**
 * Questions to a person at a terminal, on standard error, so that standard output stays for what was asked for. What is
 * secret is not shown while it is typed. ^C, the end of input and a terminal that goes away end the command, with the
 * terminal as it was before.
 */
import { MailError } from '../../errors/mail-error.ts'
import { printable } from '../printable.ts'

/** Somebody who can be asked. */
export interface Questions {
  /** Shows a line. */
  say(line: string): void
  /**
   * Asks for a line of text.
   *
   * @param preset what no answer means; without one the question is asked until there is an answer
   */
  ask(question: string, preset?: string): Promise<string>
  /** Asks for a secret; the answer may be empty. */
  askSecret(question: string): Promise<string>
  /** Asks for yes or no. */
  confirm(question: string, preset: boolean): Promise<boolean>
  /** Asks for one of several things, by its number. @returns its index; the first is the preset */
  choose(question: string, choices: readonly string[]): Promise<number>
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const KEYS = { interrupt: '\x03', end: '\x04', backspace: ['\x7f', '\b'], kill: '\x15', enter: ['\r', '\n'] }

const brokenOff = (): MailError => new MailError('NOT_ACCEPTED', 'broken off; nothing was written')

const write = (text: string): void => void process.stderr.write(printable(text))

/** Takes the keys of one line out of what was typed. @returns the line once it is complete, and what is left */
function takeLine(line: string, typed: string): { line: string; done: boolean; left: string } {
  const keys = Array.from(typed)
  for (const [at, key] of keys.entries()) {
    if (KEYS.enter.includes(key)) return { line, done: true, left: keys.slice(at + 1).join('') }
    if (key === KEYS.interrupt || (key === KEYS.end && line === '')) throw brokenOff()
    if (KEYS.backspace.includes(key)) line = Array.from(line).slice(0, -1).join('')
    else line = key === KEYS.kill ? '' : line + key
  }
  return { line, done: false, left: '' }
}

/** Reads lines from the terminal of standard input. */
function lineReader(): (question: string, secret: boolean) => Promise<string> {
  const { stdin } = process
  let typed = ''
  stdin.setEncoding('utf8')
  return (question, secret) =>
    new Promise((resolve, reject) => {
      let line = ''
      const settle = (end: () => void): void => {
        stdin.off('data', more).off('end', stop).off('error', stop).pause()
        for (const signal of SIGNALS) process.off(signal, stop)
        if (secret) stdin.setRawMode(false)
        if (secret) write('\n')
        end()
      }
      const stop = (): void => settle(() => reject(brokenOff()))
      const more = (text: string): void => {
        try {
          const taken = takeLine(line, typed + text)
          line = taken.line
          typed = taken.left
          if (taken.done) settle(() => resolve(line))
        } catch {
          stop()
        }
      }
      for (const signal of SIGNALS) process.on(signal, stop)
      // Before the question: what is typed as soon as it is seen must not be shown.
      if (secret) stdin.setRawMode(true)
      write(question)
      stdin.on('data', more).on('end', stop).on('error', stop).resume()
      if (typed !== '') more('')
    })
}

/** The person at the terminal; undefined where there is none. */
export function openQuestions(): Questions | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const read = lineReader()
  const ask = async (question: string, preset?: string): Promise<string> => {
    for (;;) {
      const text = await read(preset === undefined ? `${question}: ` : `${question} [${preset}]: `, false)
      const answer = text.trim() || preset
      if (answer !== undefined) return answer
    }
  }
  const confirm = async (question: string, preset: boolean): Promise<boolean> => {
    for (;;) {
      const answer = (await read(`${question} [${preset ? 'Y/n' : 'y/N'}] `, false)).trim().toLowerCase()
      if (answer === '') return preset
      if (/^(?:y|yes|n|no)$/.test(answer)) return answer.startsWith('y')
    }
  }
  return {
    say: (line) => write(`${line}\n`),
    ask,
    askSecret: (question) => read(`${question}: `, true),
    confirm,
    choose: async (question, choices) => {
      for (const [at, choice] of choices.entries()) write(`  ${at + 1}  ${choice}\n`)
      for (;;) {
        const index = Number(await ask(question, '1')) - 1
        if (choices[index] !== undefined) return index
      }
    },
  }
}
