/**
 * Checks the links of all Markdown files of the repository: a relative link must lead to a file, and `#anchor` to
 * a heading. Prints each broken link as file:line and ends with exit code 1 when there is one.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Tracked and new files, without what .gitignore leaves out. */
function markdownFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
}

/** The same lines with code blocks and code spans blanked: what is in them is no link and no heading. */
function proseLines(path) {
  let fenced = false
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .map((line) => {
      const fence = /^\s*(```|~~~)/.test(line)
      if (fence) fenced = !fenced
      return fence || fenced ? '' : line
    })
}

const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

function anchorsOf(path) {
  return proseLines(path)
    .map((line) => /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1])
    .filter((heading) => heading !== undefined)
    .map(anchorOf)
}

/** What is wrong with one link, or undefined. */
function fault(from, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined
  const [file = '', anchor] = decodeURI(target).split('#')
  const path = file === '' ? from : join(dirname(from), file)
  if (path.startsWith('..')) return 'leads out of the repository'
  if (!existsSync(join(root, path))) return 'leads nowhere'
  if (anchor === undefined || !path.endsWith('.md') || statSync(join(root, path)).isDirectory())
    return undefined
  return anchorsOf(path).includes(anchor) ? undefined : 'names a heading that is not there'
}

let links = 0
for (const path of markdownFiles()) {
  proseLines(path).forEach((line, index) => {
    const text = line.replace(/`[^`]*`/g, '')
    for (const [, target] of text.matchAll(/\]\(\s*<?([^)>\s]+)>?(?:\s+"[^"]*")?\s*\)/g)) {
      links += 1
      const what = fault(path, target)
      if (what === undefined) continue
      console.error(`${path}:${index + 1}: the link ${target} ${what}`)
      process.exitCode = 1
    }
  })
}
console.log(`${links} links in Markdown files checked`)
