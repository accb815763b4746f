/**
 * The options of mq-mail that have long names only: those of GNU mailutils, and our own.
 */
import type { MailOption } from './option.ts'

/** The rows. */
export const MAILUTILS_OPTIONS: readonly MailOption[] = [
  {
    long: 'append',
    takes: 'required',
    argument: 'header',
    effect: 'header-or-file',
    doc: 'the same as -a',
  },
  {
    long: 'attach',
    takes: 'required',
    argument: 'file',
    effect: 'attach',
    doc: 'file to attach; - is standard input; may be given again',
  },
  {
    long: 'content-type',
    takes: 'required',
    argument: 'type',
    effect: 'content-type',
    doc: 'media type of the attachments that follow; of the body when none follows',
  },
  {
    long: 'content-name',
    also: ['content-filename'],
    takes: 'required',
    argument: 'name',
    effect: 'content-name',
    doc: 'name of the next attachment',
  },
  {
    long: 'encoding',
    takes: 'required',
    argument: 'encoding',
    effect: 'encoding',
    doc: 'encoding of the attachments that follow: base64 or quoted-printable',
  },
  {
    long: 'skip-empty-attachments',
    takes: 'none',
    effect: 'skip-empty-attachments',
    doc: 'leave files without content out',
  },
  {
    long: 'no-skip-empty-attachments',
    takes: 'none',
    effect: 'keep-empty-attachments',
    doc: 'attach files without content too, which is the default',
  },
  {
    long: 'alternative',
    takes: 'required',
    argument: 'file',
    effect: 'alternative',
    doc: 'HTML file that says the same as the body, for readers that show HTML',
  },
  { long: 'skip-empty', takes: 'none', effect: 'skip-empty', doc: 'the same as -E' },
  {
    long: 'exec',
    takes: 'required',
    argument: 'command',
    effect: 'exec',
    doc: 'command of a mailrc file: set and unset are obeyed',
  },
  {
    long: 'config',
    takes: 'required',
    argument: 'file',
    effect: 'config',
    doc: 'configuration file',
  },
  {
    long: 'aliases',
    takes: 'required',
    argument: 'file',
    effect: 'aliases',
    doc: 'aliases file instead of the configured one',
  },
]
