/**
 * One row of the table of options, and the two ways to write one.
 */
import type { Accepts, OptionKind } from '../kinds/option-kind.ts'

/** One row of the table. */
export interface Option<T, A extends Accepts = Accepts> {
  readonly name: string
  readonly kind: OptionKind<T, A>
  /** One line of documentation. */
  readonly doc: string
  readonly default: T | undefined
  /** The default in words, where it depends on other options. */
  readonly defaultNote?: string
  readonly aliases?: readonly string[]
  /** Its value is never shown, and comment signs in it mean nothing. */
  readonly secret?: boolean
  /** Finds the part of a written value that is never shown; also in one that is not valid. */
  readonly secretPart?: RegExp
  /** `${NAME}` in it is no variable: a command gets the environment, and everybody can see its arguments. */
  readonly verbatim?: boolean
  /** Only has a meaning in a file, not in the settings of a program. */
  readonly fileOnly?: boolean
  /** `site`: holds for all accounts; `named`: only in `[account NAME]`. Left out: for any account. */
  readonly scope?: 'site' | 'named'
  /** An account has it only when its own section does. */
  readonly notInherited?: boolean
  /** User name or secret: who has one of them of his own inherits none. */
  readonly login?: boolean
  /** Not inherited by an account that names another server; so are all of AUTH_OPTIONS. */
  readonly boundToServer?: boolean
}

/** A row whose option always has a value. */
export interface DefaultedOption<T, A extends Accepts = Accepts> extends Option<T, A> {
  readonly default: T
}

type Extras = Omit<Option<unknown>, 'name' | 'kind' | 'doc' | 'default'>

/** A row whose option may have no value. What it says beyond that is a part of its type: see `MailqueueSettings`. */
export const optional = <T, A extends Accepts, const E extends Extras = object>(
  name: string,
  kind: OptionKind<T, A>,
  doc: string,
  // Nothing but an empty object is an E that was left out.
  extras: E = {} as E,
): Option<T, A> & E => ({
  name,
  kind,
  doc,
  default: undefined,
  ...extras,
})

/** A row whose option has a value in any case. */
export const defaulted = <T, A extends Accepts, const E extends Extras = object>(
  name: string,
  kind: OptionKind<T, A>,
  value: NoInfer<T>,
  doc: string,
  extras: E = {} as E,
): DefaultedOption<T, A> & E => ({ name, kind, doc, default: value, ...extras })

/** Of an option that holds for all accounts. */
export const SITE = { scope: 'site' } as const

/** What stands in the place of a secret. */
export const HIDDEN = '********'

/** A text of the option as it may be shown. */
export function withoutSecret({ secret, secretPart }: Option<unknown>, text: string): string {
  if (secret === true) return HIDDEN
  return secretPart === undefined ? text : text.replace(secretPart, HIDDEN)
}

/** Milliseconds. */
export const SECOND = 1000
/** Milliseconds. */
export const MINUTE = 60 * SECOND
/** Milliseconds. */
export const HOUR = 60 * MINUTE

/** The default of lists that are empty. */
export const NONE = Object.freeze<never[]>([])
