/**
 * What acts while files are read; programs that use the library have no use for it.
 */
import { PATTERNS } from '../text-kinds.ts'
import { YES_NO } from '../value-kinds.ts'
import { optional } from './option.ts'

/** The options by name. */
export const FILE_OPTIONS = {
  include: optional('include', PATTERNS, 'More files to read.', { fileOnly: true }),
  strict_permissions: optional(
    'strict_permissions',
    YES_NO,
    'Refuse a file with a password that others can read.',
    {
      fileOnly: true,
      defaultNote: 'no',
    },
  ),
} as const
