/**
 * The calls by which the build learns what a command needs. The chunks that the first call runs are the command's first
 * pack, what another call runs besides is a pack of that name, and the rest is the pack `late`. What any of them runs,
 * V8 keeps compiled.
 */
'use strict'

const MAIL = ['-f', 'a@site.example', 'b@site.example', 'c@site.example']

/**
 * `queued` puts a message into the queue beforehand, `down` a note that the server is not to be tried now; `setting` is a
 * line of the configuration.
 */
const CALLS = {
  'mq-sendmail': { first: { args: MAIL, down: true }, send: { args: MAIL } },
  'mq-mail': {
    first: { args: ['-s', 'x', '-r', 'a@site.example', 'b@site.example'], down: true },
    send: { args: ['-s', 'x', '-r', 'a@site.example', 'b@site.example', 'c@site.example'] },
  },
  'mq-run': { first: { args: [] }, send: { args: [], queued: true } },
  'mq-send-test': { first: { args: ['--quiet', '--from', 'a@site.example', '--to', 'b@site.example'] } },
  'mq-queue': { first: { args: ['list'], queued: true } },
  'mq-auth': { first: { args: ['--help'] } },
  'mq-configure': { first: { args: ['--help'] } },
}

module.exports = { CALLS }
