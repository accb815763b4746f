/**
 * Loaded into a command that root starts (NODE_OPTIONS=--require): gives up root's rights before anything else
 * happens, so that file permissions mean something in a test.
 */
'use strict'
const NOBODY = 65534
process.setgroups([])
process.setgid(NOBODY)
process.setuid(NOBODY)
