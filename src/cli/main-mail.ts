/**
 * Entry point of mq-mail.
 */
import { mail } from './mail/mail.ts'
import { runCommand } from './main.ts'

runCommand(mail)
