/**
 * The version of this package. The build writes it into the commands, so that they read no file for it; the
 * library takes it from the package.json it was installed with.
 */
import { createRequire } from 'node:module'

declare const __VERSION__: string | undefined

function versionOfPackage(): string {
  const manifest: unknown = createRequire(import.meta.url)('mailqueue/package.json')
  const version: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : undefined
  return typeof version === 'string' ? version : 'unknown'
}

/** Such as `0.1.0`. */
export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : versionOfPackage()
