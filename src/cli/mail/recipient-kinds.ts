/** The kinds of recipients of a mail: one list, for options, fields and prompts. */

/** Each kind with the name of its field; the last one is not shown. */
export const RECIPIENT_FIELDS = { to: 'To', cc: 'Cc', bcc: 'Bcc' } as const

/** One of them. */
export type RecipientKind = keyof typeof RECIPIENT_FIELDS

/** All of them, in the order of the fields. */
export const KINDS = Object.keys(RECIPIENT_FIELDS) as readonly RecipientKind[]

/** Something for each of them. */
export type ByKind<T> = Readonly<Record<RecipientKind, T>>
