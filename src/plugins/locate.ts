/**
 * From what the configuration says (`plugins =`) to the files to load. Nothing is imported here. A file that
 * somebody else could have written is refused: a plug-in runs with all rights of whoever runs the command.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeError, errnoOf } from '../errors/errno.ts'
import { expandGlob, isGlob } from '../util/glob.ts'

const WRITABLE_BY_OTHERS = 0o022

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isPath(specifier: string, baseDirectory: string): boolean {
  const looksLikePath = /^(\.{0,2}\/|file:)/.test(specifier) && !isGlob(specifier)
  return looksLikePath || isFile(resolve(baseDirectory, specifier))
}

/** The file that `exports` of a package.json names for an ES module import of the package itself. */
function importTarget(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported
  if (typeof exported !== 'object' || exported === null) return undefined
  for (const [condition, target] of Object.entries(exported)) {
    if (!['.', 'import', 'node', 'default'].includes(condition)) continue
    const found = importTarget(target)
    if (found !== undefined) return found
  }
  return undefined
}

/** `require.resolve` does not see packages that can only be imported; this does. */
function importOnlyPackage(name: string, directories: readonly string[]): string | undefined {
  const home = directories
    .map((each) => join(each, name))
    .find((each) => existsSync(join(each, 'package.json')))
  if (home === undefined) return undefined
  const manifest: unknown = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const exported: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'exports') : undefined
  const target = importTarget(exported)
  return target === undefined ? undefined : join(home, target)
}

function resolvePackage(name: string, baseDirectory: string): string {
  const tried = [join(baseDirectory, 'package.json'), import.meta.url]
  for (const from of tried) {
    const require = createRequire(from)
    try {
      return require.resolve(name)
    } catch (error) {
      const found =
        errnoOf(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
          ? importOnlyPackage(name, require.resolve.paths(name) ?? [])
          : undefined
      if (found !== undefined) return found
    }
  }
  throw new Error(`no such file or package, looked from ${baseDirectory}`)
}

/**
 * The module files a specifier names.
 *
 * @param specifier a path (absolute, or relative to the base directory), a package name, or a glob
 * @param baseDirectory absolute
 * @returns absolute paths; none for a glob that matches nothing. Rejects when a path or package does not exist.
 */
export async function locatePlugins(specifier: string, baseDirectory: string): Promise<string[]> {
  if (isPath(specifier, baseDirectory)) {
    const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(baseDirectory, specifier)
    if (statSync(path).isDirectory())
      throw new Error('it is a directory; write a pattern such as DIRECTORY/*.mjs')
    return [path]
  }
  return isGlob(specifier) ? expandGlob(specifier, baseDirectory) : [resolvePackage(specifier, baseDirectory)]
}

function distrust(path: string): string | undefined {
  const { mode, uid } = statSync(path)
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return `${path} is writable by group or others; chmod go-w it`
  const own = process.getuid?.()
  if (own === undefined || uid === 0 || uid === own) return undefined
  return `${path} belongs to user ${uid}, neither root nor the user of this process`
}

/**
 * Checks that only root and the current user could have written a module file: the file itself and the
 * directory it really is in, symbolic links followed.
 *
 * @returns the real path to load; throws an Error that says what is wrong
 */
export function trustedPath(path: string): string {
  let real: string
  try {
    real = realpathSync(path)
  } catch (error) {
    throw new Error(describeError(error), { cause: error })
  }
  const reason = distrust(real) ?? distrust(dirname(real))
  if (reason !== undefined) throw new Error(`refused, ${reason}`)
  return real
}
