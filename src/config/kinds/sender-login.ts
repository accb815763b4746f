/**
 * The kind of the option `sender_login`: which sender addresses the users of this machine may use.
 */
import { resolve } from 'node:path'
import type { SenderLogin } from '../config.ts'
import { scalar } from './option-kind.ts'
import { PATH } from './text.ts'

/** A rule that is a word, or the file that has the rules. */
export const SENDER_LOGIN = scalar<SenderLogin>({
  form: 'any, own, or the path of a file with rules',
  read: (text, base) => {
    if (text === 'any' || text === 'own') return { rule: text }
    const path = PATH.parse([text], base)
    return path.ok ? { rule: 'file', path: path.value } : undefined
  },
  // A file that is called like a word needs its folder.
  format: (value) => (value.rule === 'file' ? resolve(value.path) : value.rule),
})
