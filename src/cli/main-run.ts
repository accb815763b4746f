/**
 * Entry point of mq-run.
 */
import { runCommand } from './main.ts'
import { run } from './run/run.ts'

runCommand(run)
