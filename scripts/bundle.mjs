/**
 * Bundles one command into packs: files that hold its code, the first for every call and the others for what only some
 * calls need, so a call that does little reads and keeps little. What a kind of call needs is one chunk, in which all
 * modules share one scope: a chunk for each module would cost more time than the modules. The rest of the modules are in
 * small chunks, each of which runs at its first use.
 */
import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { modulesOf } from './start-command.cjs'

/** Loaded from node_modules, and only when a call needs them. */
export const EXTERNAL = ['pino', 'mailparser', 'fast-glob']

/**
 * Parts of Node.js that a pack loads at their first use instead of at its start: together they cost more time
 * than a whole send, and most calls need few of them.
 */
const LAZY =
  /^node:(?:child_process|crypto|dns|fs\/promises|http|https|module|net|os|stream|tls|tty|zlib|assert|util|url)$/

const IMPORT =
  /^(?:let ([\w$]+) = )?require\("(node:[\w/]+)"\);\n(?:\1 = (?:[\w$]+\.)?[\w$]+\(\1(?:, 1)?\);\n)?/gm

/** Parts of Node.js that older packages load at their start, for what a call hardly ever needs. */
const REQUIRED = /([\w$]+) = require\("((?:node:)?(?:assert|child_process))"\)/g

/**
 * The code of a chunk with late loading, with imports that also work in a script from a cache, and without the copies of
 * whole parts of Node.js that a bundler makes for the sake of their default export.
 */
export function loadLate(code) {
  const late = new Set()
  const imports = (_, name, id) => {
    if (name === undefined) return ''
    if (!LAZY.test(id)) return `const ${name} = __part(require("${id}"));\n`
    late.add(name)
    return `let ${name}$;\nconst ${name} = () => ${name}$ ??= require("${id}");\n`
  }
  const withImports = code.replace(IMPORT, imports).replace(REQUIRED, '$1 = __later("$2")')
  if (late.size === 0) return withImports.replace(/(?<![\w$.])import\(/g, '__import(')
  const names = [...late].map((name) => name.replaceAll('$', '\\$')).join('|')
  // not a member of something else; what is spread has dots before it too
  const use = new RegExp(
    `(\\bnew )?(?<![\\w$]|(?<!\\.\\.)\\.)(${names})(?=\\.)(?:\\.default\\b)?((?:\\.[\\w$]+)*)`,
    'g',
  )
  return withImports
    .replace(use, (_, made, name, members) =>
      made === undefined ? `${name}()${members}` : `new (${name}()${members})`,
    )
    .replace(/(?<![\w$.])import\(/g, '__import(')
}

/** What the protocol engine and the composer take from node:crypto for every mail is a few random octets. */
const lightEngine = (root) => ({
  name: 'light-engine',
  resolveId: (id, importer) =>
    id === 'node:crypto' &&
    /[/]nodemailer[/]dist[/]esm[/](?:smtp-connection|mime-node)[/]/.test(importer ?? '')
      ? join(root, 'scripts', 'engine-crypto.mjs')
      : null,
})

/** Each module says that it runs. */
const TELL = {
  name: 'tell',
  transform: (code, id) =>
    id.endsWith('.json') ? null : { code: `${code}\n;globalThis.__ran?.push(${JSON.stringify(id)});` },
}

/** Packs are read as Latin-1, which is the fastest. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Modules of a group share a chunk of its name. */
function grouping(groups) {
  const of = new Map([...groups].flatMap(([name, ids]) => ids.map((id) => [id, name])))
  return [...groups.keys()].map((name) => ({ name, test: (id) => of.get(id) === name }))
}

/**
 * Splits a command into chunks.
 *
 * @param groups the modules of each group by its name; without it, the modules tell which of them run
 * @returns the code of each chunk by its id, the chunks that each needs at once, the id of the one that starts, and the
 *   files that went in
 */
export async function chunksOf(root, command, version, groups) {
  const bundle = await rolldown({
    cwd: root,
    input: { main: join(root, 'src', 'cli', `main-${command}.ts`) },
    platform: 'node',
    external: EXTERNAL,
    preserveEntrySignatures: false,
    // a module that one command loads late, another loads at once
    checks: { ineffectiveDynamicImport: false },
    transform: { define: { __VERSION__: JSON.stringify(version), 'import.meta.url': '__moduleUrl' } },
    plugins: [lightEngine(root), ...(groups === undefined ? [TELL] : [])],
  })
  const { output } = await bundle.generate({
    format: 'cjs',
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    externalLiveBindings: false,
    minify: { mangle: true, compress: true, codegen: true },
    codeSplitting:
      groups === undefined || groups.size === 0
        ? true
        : { includeDependenciesRecursively: false, groups: grouping(groups) },
    plugins: [{ name: 'late', renderChunk: (code) => ({ code: loadLate(code) }) }],
  })
  await bundle.close()
  const chunks = new Map(output.map(({ fileName, code }) => [`./${fileName}`, inAscii(code)]))
  const main = output.find(({ isEntry }) => isEntry)
  const inputs = output.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id)))
  const needs = new Map(
    output.map(({ fileName, imports }) => [`./${fileName}`, imports.map((id) => `./${id}`)]),
  )
  return { chunks, needs, main: `./${main.fileName}`, inputs }
}

/** A part of Node.js as a module with a default export, and one that is loaded when something of it is used. */
const HEAD =
  'var __part=part=>({__proto__:part,default:part}),__later=id=>new Proxy({},{get:(_,k)=>require(id)[k]});'

const modulesText = (chunks) =>
  [...chunks].map(([id, code]) => `${JSON.stringify(id)}:function(exports,module){${code}}`).join(',\n')

/** The first line names the text, for the code cache. */
function named(text) {
  return `// ${createHash('sha256').update(text).digest('hex').slice(0, 16)}\n${text}\n`
}

/**
 * The text of the first pack of a command: called by the file in bin/, it returns the function that starts the command.
 *
 * @param chunks the code of each chunk by its id
 * @param main the id of the chunk that is the command
 * @param places the packs of the chunks that are not in this one, by their ids
 */
export function firstPackText(chunks, main, places) {
  const parameters = '__require,__read,__import,__moduleUrl'
  const begin = `${modulesOf};const __modules=modulesOf(${parameters},${JSON.stringify(places)}),require=__modules.need`
  const add = `Object.assign(__modules.factories,{${modulesText(chunks)}})`
  return named(
    `(function(${parameters}){"use strict";${begin};${HEAD}${add};return()=>require(${JSON.stringify(main)})})`,
  )
}

/**
 * The text of another pack: a function that makes its modules.
 *
 * @param chunks the code of each chunk by its id
 */
export function packText(chunks) {
  return named(`(function(require,__import,__moduleUrl){"use strict";${HEAD}return{${modulesText(chunks)}}})`)
}
