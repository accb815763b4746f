/**
 * Starts the soak (soak-run.ts), which is TypeScript and shares the parts of the fault rig: made into one file first,
 * because the oldest Node.js that is supported reads no TypeScript.
 *
 *     npm run soak -- --minutes 10 [--seed c3155747]
 */
import { mkdirSync, rmSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const folder = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))
const outfile = `${folder}mailqueue-soak-${process.pid}.mjs`

/** Each part still knows where it is, and nothing waits for a test runner. */
const parts = {
  name: 'parts',
  transform: (code, id) =>
    id.endsWith('.ts')
      ? { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)) }
      : null,
  resolveId: (id) => (id === 'vitest' ? '\0vitest' : null),
  load: (id) => (id === '\0vitest' ? 'export const onTestFinished = () => undefined' : null),
}

mkdirSync(folder, { recursive: true })
const bundle = await rolldown({
  input: fileURLToPath(new URL('soak-run.ts', import.meta.url)),
  platform: 'node',
  external: (id) => !id.startsWith('.') && !isAbsolute(id) && id !== 'vitest' && !id.startsWith('\0'),
  plugins: [parts],
})
await bundle.write({ file: outfile, format: 'esm', codeSplitting: false })
await bundle.close()
process.on('exit', () => rmSync(outfile, { force: true }))
await import(pathToFileURL(outfile).href)
