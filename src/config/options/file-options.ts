/**
 * What acts while files are read; programs that use the library have no use for it.
 */
import { PATTERNS } from '../kinds/text.ts'
import { YES_NO } from '../kinds/value.ts'
import { optional, SITE } from './option.ts'

/** The options by name. */
export const FILE_OPTIONS = {
  include: optional('include', PATTERNS, 'More files to read.', { fileOnly: true, ...SITE }),
  strict_permissions: optional(
    'strict_permissions',
    YES_NO,
    'Refuse a file with a password that others can read.',
    {
      fileOnly: true,
      ...SITE,
      defaultNote: 'no',
    },
  ),
} as const
