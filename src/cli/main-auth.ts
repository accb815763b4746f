/**
 * Entry point of mq-auth.
 */
import { authCommand } from './auth/auth.ts'
import { runCommand } from './main.ts'

runCommand(authCommand)
