// Loaded into a daemon: a fault of its own when SIGUSR2 comes; with IMPATIENT, what does not end after it is not waited for.
const PATIENCE = 60_000
const { setTimeout: later } = globalThis

process.on('SIGUSR2', () => {
  if (process.env['IMPATIENT'] !== undefined)
    globalThis.setTimeout = (then, delay, ...rest) => later(then, delay === PATIENCE ? 0 : delay, ...rest)
  throw new Error('planted')
})
