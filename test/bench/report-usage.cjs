/**
 * Loaded into a program that is measured (NODE_OPTIONS=--require): when it ends, writes the processor time that it used
 * in milliseconds and the most memory that it ever held in kB, as JSON, into the file that MQ_BENCH_USAGE names.
 */
'use strict'
const { readFileSync, writeFileSync } = require('node:fs')

/** VmHWM and not what getrusage says: that starts with what the parent held. */
function peakMemory() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {
    return process.resourceUsage().maxRSS
  }
}

process.once('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(
    process.env.MQ_BENCH_USAGE,
    JSON.stringify({ cpu: (user + system) / 1000, peak: peakMemory() }),
  )
})
