/**
 * Bundles one command into packs: files that hold many small modules (chunks), each of which runs at its first use. The
 * first pack has what every call needs; what only some calls need is read when it is wanted, so a call that does little
 * reads and keeps little. Which chunk is in which pack is found by running the command.
 */
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { build, transform } from 'esbuild'

/** Loaded from node_modules, and only when a call needs them. */
export const EXTERNAL = ['pino', 'mailparser', 'fast-glob']

/**
 * Parts of Node.js that a pack loads at their first use instead of at its start: together they cost more time
 * than a whole send, and most calls need few of them.
 */
const LAZY = '(?:node:)?(?:child_process|crypto|dns|fs/promises|http|https|module|net|os|stream|tls|tty|zlib)'
const HEAD =
  'var __lazy=id=>{let m;return new Proxy({},{get:(_,k)=>(m??=require(id),k==="default"?m:m[k])})};'

/** The code of a chunk with late loading, and with imports that also work in a script from a cache. */
function loadLate(code) {
  const later = (_, name, id) => `${name}=__lazy("${id}")`
  return code
    .replace(/(?<![\w$.])import\(/g, '__import(')
    .replace(new RegExp(`(import_[\\w$]+) ?= ?__toESM\\(require\\("(${LAZY})"\\)(?:, ?1)?\\)`, 'g'), later)
    .replace(new RegExp(`(import_[\\w$]+) ?= ?require\\("(${LAZY})"\\)`, 'g'), later)
    .replace(
      /([\w$]+)=(?:__require|\(0, ?[\w$]+\.__require\))\("((?:node:)?(?:assert|child_process))"\)(?=[,;])/g,
      later,
    )
    .replace(/module\.exports=__toCommonJS\((\w+)\);/, 'module.exports=$1;')
    .replace(/0&&\(module\.exports=\{[^}]*\}\);\s*$/, '')
}

/** What the protocol engine and the composer take from node:crypto for every mail is a few random octets. */
const lightEngine = (root) => ({
  name: 'light-engine',
  setup({ onResolve }) {
    onResolve({ filter: /^node:crypto$/ }, ({ importer }) =>
      /[/]nodemailer[/]dist[/]esm[/](?:smtp-connection|mime-node)[/]index\.js$/.test(importer)
        ? { path: join(root, 'scripts', 'engine-crypto.mjs') }
        : undefined,
    )
  },
})

const OPTIONS = {
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
}

/**
 * Splits a command into chunks.
 *
 * @returns the code of each by its id, and the files that went in
 */
export async function chunksOf(root, name, version) {
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    absWorkingDir: root,
    entryPoints: [{ in: join(root, 'src', 'cli', `main-${name}.ts`), out: 'main' }],
    outdir: join(root, 'dist'),
    chunkNames: '[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    legalComments: 'none',
    external: EXTERNAL,
    define: { __VERSION__: JSON.stringify(version), 'import.meta.url': '__moduleUrl' },
    plugins: [lightEngine(root)],
    metafile: true,
    write: false,
  })
  const chunks = new Map()
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, { ...OPTIONS, format: 'cjs' })
    chunks.set(`./${basename(path)}`, loadLate(code))
  }
  return { chunks, inputs: Object.keys(metafile.inputs) }
}

/**
 * The text of a pack: a function that makes its modules. The first line names the text, for the code cache.
 *
 * @param chunks the code of each chunk by its id
 * @param places the packs of all other chunks, in the first pack
 */
export function packText(chunks, places = {}) {
  const modules = [...chunks].map(([id, code]) => `${JSON.stringify(id)}:function(exports,module){${code}}`)
  const made = `return{places:${JSON.stringify(places)},modules:{${modules.join(',\n')}}}`
  const text = `(function(require,__import,__moduleUrl){"use strict";${HEAD}${made}})\n`
  return `// ${createHash('sha256').update(text).digest('hex').slice(0, 16)}\n${text}`
}
