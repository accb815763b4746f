/**
 * The formats of foreign queues by the names that the user gives them.
 */
import { EML_FORMAT } from './eml.ts'
import type { ForeignFormat } from './format.ts'
import { MSMTPQ_FORMAT } from './msmtpq.ts'
import { NULLMAILER_FORMAT } from './nullmailer.ts'
import { REPOZE_FORMAT } from './repoze.ts'
import { RUNNER_FORMAT } from './runner-queue.ts'
import { CPS_FORMAT, ZOPE_FORMAT } from './zope.ts'

export const FOREIGN_FORMATS = {
  'mailqueue-runner': RUNNER_FORMAT,
  zope: ZOPE_FORMAT,
  repoze: REPOZE_FORMAT,
  cps: CPS_FORMAT,
  nullmailer: NULLMAILER_FORMAT,
  msmtpq: MSMTPQ_FORMAT,
  eml: EML_FORMAT,
} as const satisfies Record<string, ForeignFormat>

/** A key of {@link FOREIGN_FORMATS}. */
export type ForeignFormatName = keyof typeof FOREIGN_FORMATS

/** All names, in the order of the documentation. */
export const FOREIGN_FORMAT_NAMES = Object.keys(FOREIGN_FORMATS) as readonly ForeignFormatName[]
