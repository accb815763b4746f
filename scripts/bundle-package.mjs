/**
 * Bundles the packages that the commands load from node_modules, for an installation that has no other packages.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { rolldown } from 'rolldown'

const ENTRY = '\0entry'

/** A module that is the package and nothing else. */
const entryOf = (root, name) => ({
  name: 'entry',
  resolveId: (id) => (id === ENTRY ? join(root, 'entry.cjs') : null),
  load: (id) => (id === join(root, 'entry.cjs') ? `module.exports = require(${JSON.stringify(name)})` : null),
})

/**
 * Bundles a package that the commands load from node_modules into one file, so that an installation needs no other
 * packages.
 *
 * @param outdir where the package gets a directory
 * @returns the files that went in
 */
export async function bundlePackage(root, name, outdir) {
  const bundle = await rolldown({
    cwd: root,
    input: { index: ENTRY },
    platform: 'node',
    plugins: [entryOf(root, name)],
  })
  const { output } = await bundle.write({
    file: join(outdir, name, 'index.cjs'),
    format: 'cjs',
    comments: false,
    minify: { mangle: false, compress: true, codegen: true },
    codeSplitting: false,
    // An import finds the names of a module in its text.
    postFooter: `0&&(module.exports={${await namesIn(name)}});`,
  })
  await bundle.close()
  const { version, license } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  )
  const manifest = { name, version, license, main: 'index.cjs' }
  writeFileSync(join(outdir, name, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return output.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id)))
}

async function namesIn(name) {
  const names = Object.keys(await import(name))
  return names.filter((each) => /^[A-Za-z_$][\w$]*$/.test(each) && each !== 'default').join(',')
}
