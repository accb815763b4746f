/**
 * Entry point of mq-configure.
 */
import { configureCommand } from './configure/configure.ts'
import { runCommand } from './main.ts'

runCommand(configureCommand)
