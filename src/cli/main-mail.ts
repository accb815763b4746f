/**
 * Entry point of mq-mail.
 */
import { runCommand } from './main.ts'
import { mail } from './mail.ts'

runCommand(mail)
