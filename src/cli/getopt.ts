/**
 * The option grammar of sendmail and mail: clusters of letters with attached or detached arguments, letters whose
 * argument must be attached or is one only by its shape, long options with `=` or a following word. It is strict
 * where a loose parser would turn a word into a recipient: an unknown letter and a missing argument are errors, and
 * so is an option behind an operand, unless the grammar lets options stand there.
 */
import { MailError } from '../errors/mail-error.ts'

/** Says by its shape whether a word is the argument of the option before it. */
export type ArgumentShape = (word: string) => boolean

/**
 * Whether an option takes an argument, and where it may stand. With a shape, the text attached to a letter is the
 * argument when it fits, else the next word when that fits, else there is none.
 */
export type ArgumentKind = 'none' | 'required' | 'attached' | ArgumentShape

/** What each letter and each long name takes. */
export interface Grammar {
  readonly short: ReadonlyMap<string, ArgumentKind>
  readonly long: ReadonlyMap<string, ArgumentKind>
  /** Options may also stand behind operands. */
  readonly permute: boolean
  /** Words that end the options. */
  readonly ends: readonly string[]
}

/** One option as it was given, and its argument; undefined when it has none. */
export interface GivenOption {
  /** The letter or the long name, without dashes. */
  readonly name: string
  readonly value: string | undefined
}

/** The command line, taken apart. */
export interface ParsedArguments {
  readonly options: readonly GivenOption[]
  /** The operands before the word that ends the options. */
  readonly operands: readonly string[]
  /** The word that ended the options; undefined when none did. */
  readonly end: string | undefined
  /** All that stands behind that word. */
  readonly tail: readonly string[]
}

/** A mistake in the command line. */
export const usage = (sentence: string): MailError => new MailError('USAGE', `${sentence}; see --help`)

/** Takes words from the front of the command line. */
class Words {
  readonly #words: readonly string[]
  #next = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  peek(): string | undefined {
    return this.#words[this.#next]
  }

  take(): string | undefined {
    const word = this.#words[this.#next]
    this.#next += 1
    return word
  }

  rest(): readonly string[] {
    return this.#words.slice(this.#next)
  }
}

/** The argument of a letter that has one by its shape. */
function shapedArgument(fits: ArgumentShape, attached: string, words: Words): string | undefined {
  if (attached !== '') return fits(attached) ? attached : undefined
  const next = words.peek()
  return next !== undefined && fits(next) ? words.take() : undefined
}

/** One by one, so that those before a mistake are known. */
function* cluster(letters: string, grammar: Grammar, words: Words): Generator<GivenOption> {
  for (let at = 0; at < letters.length; at += 1) {
    const name = letters.charAt(at)
    const kind = grammar.short.get(name)
    if (kind === undefined) throw usage(`unknown option -${name}`)
    const attached = letters.slice(at + 1)
    if (typeof kind === 'function') {
      const value = shapedArgument(kind, attached, words)
      yield { name, value }
      if (value !== undefined) return
    } else if (kind === 'none') {
      yield { name, value: undefined }
    } else if (attached !== '' || kind === 'attached') {
      yield { name, value: attached === '' ? undefined : attached }
      return
    } else {
      const value = words.take()
      if (value === undefined) throw usage(`the option -${name} needs an argument`)
      yield { name, value }
      return
    }
  }
}

function parseLong(word: string, grammar: Grammar, words: Words): GivenOption {
  const equals = word.indexOf('=')
  const name = word.slice(2, equals === -1 ? undefined : equals)
  const kind = grammar.long.get(name)
  if (kind === undefined) throw usage(`unknown option --${name}`)
  const attached = equals === -1 ? undefined : word.slice(equals + 1)
  if (kind === 'none' && attached !== undefined) throw usage(`the option --${name} takes no argument`)
  if (kind !== 'required' || attached !== undefined) return { name, value: attached }
  const value = words.take()
  if (value === undefined) throw usage(`the option --${name} needs an argument`)
  return { name, value }
}

/** The options of a word that begins with a dash. */
function* optionsOf(word: string, grammar: Grammar, words: Words): Generator<GivenOption> {
  if (word.startsWith('--')) yield parseLong(word, grammar, words)
  else yield* cluster(word.slice(1), grammar, words)
}

const isOperand = (word: string): boolean => !word.startsWith('-') || word === '-'

/**
 * The options of a command line whose options may stand anywhere, as far as the grammar knows them: a mistake is passed
 * over with the rest of its word. Never fails.
 */
export function knownOptions(args: readonly string[], grammar: Grammar): GivenOption[] {
  const words = new Words(args)
  const found: GivenOption[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (grammar.ends.includes(word)) break
    if (isOperand(word)) continue
    try {
      for (const option of optionsOf(word, grammar, words)) found.push(option)
    } catch (error) {
      if (!(error instanceof MailError)) throw error
    }
  }
  return found
}

/**
 * Takes a command line apart.
 *
 * @throws MailError USAGE for anything that the grammar does not know
 */
export function parseArguments(args: readonly string[], grammar: Grammar): ParsedArguments {
  const words = new Words(args)
  const options: GivenOption[] = []
  const operands: string[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (grammar.ends.includes(word)) return { options, operands, end: word, tail: words.rest() }
    if (isOperand(word)) {
      if (!grammar.permute) {
        return { options, operands: checkedOperands([word, ...words.rest()]), end: undefined, tail: [] }
      }
      operands.push(word)
    } else {
      for (const option of optionsOf(word, grammar, words)) options.push(option)
    }
  }
  return { options, operands, end: undefined, tail: [] }
}

/** The end of a command line whose options have to stand before the operands. */
function checkedOperands(operands: readonly string[]): readonly string[] {
  const late = operands.find((operand) => operand.startsWith('-'))
  if (late !== undefined) throw usage(`options must stand before the recipients, and ${late} does not`)
  return operands
}
