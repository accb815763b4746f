/**
 * Makes file permissions count in tests that root runs: the command becomes nobody. Anybody else stays who they
 * are, so a test takes permissions away from everybody.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BIN } from './run-command.ts'

const PRELOAD = fileURLToPath(new URL('become-nobody.cjs', import.meta.url))

/** Added to the environment of a command. */
export const WITHOUT_ROOT: Readonly<Record<string, string>> =
  process.getuid?.() === 0 ? { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}` } : {}

/** False where nobody cannot even start the commands, as in a checkout below /root. */
export function canRunWithoutRoot(): boolean {
  const probe = `require('node:fs').accessSync(${JSON.stringify(join(BIN, 'mq-sendmail'))})`
  const env = { ...process.env, ...WITHOUT_ROOT }
  return spawnSync(process.execPath, ['-e', probe], { env, stdio: 'ignore' }).status === 0
}
