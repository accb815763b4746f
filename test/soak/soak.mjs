/**
 * Starts the soak (soak-run.ts), which is TypeScript and shares the parts of the fault rig: made into one file first,
 * because the oldest Node.js that is supported reads no TypeScript.
 *
 *     npm run soak -- --minutes 10 [--seed c3155747]
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))
const outfile = `${folder}mailqueue-soak-${process.pid}.mjs`

/** Each part still knows where it is, and nothing waits for a test runner. */
const parts = {
  name: 'parts',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      return {
        loader: 'ts',
        contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))),
      }
    })
    onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', namespace: 'none' }))
    onLoad({ filter: /./, namespace: 'none' }, () => ({
      contents: 'export const onTestFinished = () => undefined',
    }))
  },
}

mkdirSync(folder, { recursive: true })
await build({
  entryPoints: [fileURLToPath(new URL('soak-run.ts', import.meta.url))],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  plugins: [parts],
})
process.on('exit', () => rmSync(outfile, { force: true }))
await import(pathToFileURL(outfile).href)
