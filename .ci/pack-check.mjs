/**
 * Checks what `npm pack` would publish: everything that package.json promises is in it, nothing that belongs to
 * development only is, and the commands are executable. Ends with exit code 1 when something is wrong.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
const parsed = JSON.parse(output)
const { files, size } = Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0]
const modes = new Map(files.map(({ path, mode }) => [path, mode]))

const commands = Object.values(manifest.bin)
const promised = [
  ...commands,
  ...Object.keys(manifest.bin).flatMap((name) =>
    ['', '.late'].map((pack) => `dist/commands/${name}${pack}.cjs`),
  ),
  ...manifest.man,
  ...Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  ),
  'bin/package.json',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'mailqueue.conf.example',
  'docs/installation.md',
].map((path) => path.replace(/^\.\//, ''))

const faults = [
  ...promised.filter((path) => !modes.has(path)).map((path) => `${path} is missing`),
  ...commands
    .filter((path) => modes.has(path) && (modes.get(path) & 0o111) === 0)
    .map((path) => `${path} is not executable`),
  ...[...modes.keys()]
    .filter((path) =>
      /^(src|test|scripts|packaging|packages|\.ci|node_modules)\/|\.(pem|key|deb|tgz|log)$/.test(path),
    )
    .map((path) => `${path} does not belong there`),
]
for (const each of faults) console.error(`npm pack: ${each}`)
console.log(`npm pack: ${files.length} files, ${Math.round(size / 1024)} KiB`)
process.exitCode = faults.length === 0 ? 0 : 1
