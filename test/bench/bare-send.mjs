/**
 * The least that a Node program does to send the message on its standard input with the protocol engine that the commands
 * use: no options, no checks, no configuration, no queue. The bench bundles it into one file; a floor for mq-sendmail.
 *
 *     node bare-send.cjs PORT < MESSAGE
 */
import { readFileSync } from 'node:fs'
import SMTPConnection from 'nodemailer/lib/smtp-connection'

const message = readFileSync(0)
const envelope = { from: 'anna@site.example', to: ['berta@remote.example'] }
const connection = new SMTPConnection({ host: '127.0.0.1', port: Number(process.argv[2]), ignoreTLS: true })

function end(error) {
  if (error) throw error
  connection.quit()
  process.exit(0)
}

connection.on('error', end)
connection.connect(() => connection.send(envelope, message, end))
