/**
 * File name patterns. The matcher is loaded at the first pattern, so a command that uses none does not pay for
 * it. A pattern that matches nothing gives an empty list, and so does one whose directory does not exist; a
 * directory that cannot be read rejects with the system's error.
 */

/** Whether the text has a character that means something in a pattern: `*`, `?`, `[`, `{`, `!(`, `+(`, `@(`. */
export function isGlob(text: string): boolean {
  return /[*?[{]|[!+@]\(/.test(text)
}

/**
 * The files a pattern matches; hidden files only where the pattern names the dot.
 *
 * @param pattern a glob; `/` separates, a backslash makes the next character mean itself
 * @param cwd absolute directory that a relative pattern starts from
 * @returns absolute paths in byte order, so that the order does not depend on the file system
 */
export async function expandGlob(pattern: string, cwd: string): Promise<string[]> {
  const { default: fastGlob } = await import('fast-glob')
  const paths = await fastGlob(pattern, { cwd, absolute: true, onlyFiles: true, dot: false })
  return paths.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}
