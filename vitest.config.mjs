import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// What the surroundings of whoever runs the tests say to the programs that they start is no part of a test.
const SAID = [
  'CREDENTIALS_DIRECTORY',
  'DEAD',
  'EMAIL',
  'FORCE_COLOR',
  'MAILQUEUE_CONF',
  'MAILRC',
  'NAME',
  'NODE_EXTRA_CA_CERTS',
  'REPLYTO',
]
for (const name of SAID) Reflect.deleteProperty(process.env, name)
process.env.LC_ALL = 'C.UTF-8'
process.umask(0o022)

const project = (name, timeout) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks',
    // A process for each file would take as long as the tests themselves: no test leaves anything in its process.
    isolate: false,
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

export default defineConfig({
  test: {
    // Most tests wait for processes, files and sockets; on two processors vitest would run one file at a time.
    maxWorkers: availableParallelism() + 1,
    projects: [
      project('unit', 60_000),
      project('integration', 60_000),
      project('e2e', 240_000),
      project('rig', 600_000),
    ],
  },
})
