/**
 * Loaded into a command that root starts (NODE_OPTIONS=--require): the command becomes the user and group with the number
 * in MQ_TEST_UID before anything else happens.
 */
'use strict'
const uid = Number(process.env.MQ_TEST_UID)
process.setgroups([])
process.setgid(uid)
process.setuid(uid)
