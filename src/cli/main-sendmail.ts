/**
 * Entry point of mq-sendmail.
 */
import { runCommand } from './main.ts'
import { sendmail } from './sendmail/sendmail.ts'

runCommand(sendmail)
