/**
 * The kinds of options that name accounts, and those that say whose mail goes over one.
 */
import { ACCOUNT_NAME_FORM, isAccountName } from '../account-name.ts'
import { listOf, scalar } from './option-kind.ts'

const readName = (text: string): string | undefined => (isAccountName(text) ? text : undefined)

/** One account. */
export const ACCOUNT_NAME = scalar({
  form: `the name of an account: ${ACCOUNT_NAME_FORM}`,
  read: readName,
})

/** Several accounts, in order. */
export const ACCOUNT_NAMES = listOf({ form: 'names of accounts, separated by blanks', read: readName })

/** A pattern for addresses; comes out in lower case. */
function readPattern(text: string): string | undefined {
  return /^(?:<>|\*|[^\s<>@]*@[^\s<>@]+)$/.test(text) ? text.toLowerCase() : undefined
}

/** Patterns for addresses; `<>` is the null sender. */
export const ADDRESS_PATTERNS = listOf({
  form: 'address patterns such as "*@site.example", "ann@*" or "+tag@site.example", separated by blanks',
  read: readPattern,
})

/** Login names and numbers of users. */
export const USERS = listOf({
  form: 'login names or numbers of users, separated by blanks',
  read: (text) => (/^[^\s:/]{1,64}$/.test(text) ? text : undefined),
})
