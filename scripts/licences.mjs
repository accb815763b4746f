/**
 * The licences of the packages that bundles contain: MIT, ISC and BSD ask for the notice to go with the code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const RULE = `\n${'-'.repeat(78)}\n\n`

/**
 * Finds the packages that files belong to.
 *
 * @param root the directory with node_modules
 * @param inputs paths of files, relative to root
 * @returns title (name, version and licence) and text of each, in the order of their paths
 */
export function licencesOf(root, inputs) {
  const paths = inputs.map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0])
  return [...new Set(paths.filter(Boolean))].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? '' : readFileSync(join(root, path, file), 'utf8').trim()
    return { title: `${name} ${version} (${license})`, text }
  })
}

/** The licences as one text. */
export function licenceText(licences) {
  return licences.map(({ title, text }) => `${title}\n\n${text}\n`).join(RULE)
}

/** What {@link licenceText} has written. */
export function readLicences(text) {
  return text.split(RULE).map((part) => {
    const [title, , ...lines] = part.trim().split('\n')
    return { title, text: lines.join('\n') }
  })
}
