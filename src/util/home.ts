/**
 * The home directory of whoever runs this process: HOME when it is an absolute path, and else what the password file
 * says. Files in it decide where mail goes, so an empty or relative HOME must not lead to the current directory, where
 * anybody may have put them. Never fails.
 */
import { userInfo } from 'node:os'
import { isAbsolute } from 'node:path'

/** @returns an absolute path; `/`, where only root can put a file, for a user whom the machine does not know */
export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['HOME'] ?? ''
  if (isAbsolute(named)) return named
  try {
    const { homedir } = userInfo()
    return isAbsolute(homedir) ? homedir : '/'
  } catch {
    return '/'
  }
}
