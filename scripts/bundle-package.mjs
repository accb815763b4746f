/**
 * Bundles the packages that the commands load from node_modules, for an installation that has no other packages.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles a package that the commands load from node_modules into one file, so that an installation needs no other
 * packages.
 *
 * @param outdir where the package gets a directory
 * @returns the files that went in
 */
export async function bundlePackage(root, name, outdir) {
  const { metafile } = await build({
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    minifySyntax: true,
    absWorkingDir: root,
    stdin: { contents: `module.exports = require(${JSON.stringify(name)})`, resolveDir: root },
    outfile: join(outdir, name, 'index.cjs'),
    bundle: true,
    legalComments: 'none',
    // An import finds the names of a module in its text.
    footer: { js: `0&&(module.exports={${await namesIn(name)}});` },
    metafile: true,
  })
  const { version, license } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  )
  const manifest = { name, version, license, main: 'index.cjs' }
  writeFileSync(join(outdir, name, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return Object.keys(metafile.inputs)
}

async function namesIn(name) {
  const names = Object.keys(await import(name))
  return names.filter((each) => /^[A-Za-z_$][\w$]*$/.test(each) && each !== 'default').join(',')
}
