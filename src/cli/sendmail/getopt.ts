/**
 * The option grammar of sendmail: clusters of letters with attached or detached arguments, letters whose
 * argument must be attached, long options with `=` or a following word. It is strict where a loose parser
 * would turn a word into a recipient: an unknown letter, a missing argument and an operand that begins with
 * `-` are errors.
 */
import { MailError } from '../../errors/mail-error.ts'

/** Whether an option takes an argument, and where it may stand. */
export type ArgumentKind = 'none' | 'required' | 'attached'

/** What each letter and each long name takes. */
export interface Grammar {
  readonly short: ReadonlyMap<string, ArgumentKind>
  readonly long: ReadonlyMap<string, ArgumentKind>
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
  readonly operands: readonly string[]
}

const usage = (sentence: string): MailError => new MailError('USAGE', `${sentence}; see --help`)

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

function parseCluster(cluster: string, grammar: Grammar, words: Words): GivenOption[] {
  const found: GivenOption[] = []
  for (let at = 0; at < cluster.length; at += 1) {
    const name = cluster.charAt(at)
    const kind = grammar.short.get(name)
    if (kind === undefined) throw usage(`unknown option -${name}`)
    const attached = cluster.slice(at + 1)
    if (kind === 'none') found.push({ name, value: undefined })
    else if (attached !== '' || kind === 'attached') {
      return [...found, { name, value: attached === '' ? undefined : attached }]
    } else {
      const value = words.take()
      if (value === undefined) throw usage(`the option -${name} needs an argument`)
      return [...found, { name, value }]
    }
  }
  return found
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

/**
 * Takes a command line apart.
 *
 * @throws MailError USAGE for anything that the grammar does not know
 */
export function parseArguments(args: readonly string[], grammar: Grammar): ParsedArguments {
  const words = new Words(args)
  const options: GivenOption[] = []
  for (
    let word = words.peek();
    word !== undefined && word.startsWith('-') && word !== '-';
    word = words.peek()
  ) {
    words.take()
    if (word === '--') return { options, operands: words.rest() }
    if (word.startsWith('--')) options.push(parseLong(word, grammar, words))
    else options.push(...parseCluster(word.slice(1), grammar, words))
  }
  const operands = words.rest()
  const late = operands.find((operand) => operand.startsWith('-'))
  if (late !== undefined) throw usage(`options must stand before the recipients, and ${late} does not`)
  return { options, operands }
}
