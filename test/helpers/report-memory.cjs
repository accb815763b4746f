/**
 * Loaded into a command (NODE_OPTIONS=--require): when it ends, writes the most memory it ever held, in kB, into the
 * file that MQ_TEST_MEMORY_FILE names. VmHWM and not getrusage: the latter starts with what the parent held.
 */
'use strict'
const { readFileSync, writeFileSync } = require('node:fs')
process.on('exit', () => {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  writeFileSync(process.env.MQ_TEST_MEMORY_FILE, peak[1])
})
