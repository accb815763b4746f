/**
 * Entry point of mq-send-test.
 */
import { runCommand } from './main.ts'
import { sendTestCommand } from './send-test.ts'

runCommand(sendTestCommand)
