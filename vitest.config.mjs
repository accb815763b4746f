import { defineConfig } from 'vitest/config'

const project = (name, timeout) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks',
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('integration', 60_000),
      project('e2e', 240_000),
      project('rig', 600_000),
    ],
  },
})
