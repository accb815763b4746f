/**
 * A resolver of a test's own: the command runs where another file lies over /etc/resolv.conf. Only root can do that,
 * in a mount namespace that ends with the command; the file of the machine is never touched.
 */
import { spawnSync } from 'node:child_process'

/** Starts a command that sees this file as /etc/resolv.conf; see `through` of a command's options. */
export function withResolver(path: string): readonly string[] {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, path]
}

/** False where the tests are not run by root, or root may not mount, as in many containers. */
export function canReplaceResolver(): boolean {
  const words = withResolver('/etc/resolv.conf')
  return spawnSync(words[0] ?? '', [...words.slice(1), 'true'], { stdio: 'ignore' }).status === 0
}
