/**
 * Entry point of mq-queue.
 */
import { runCommand } from './main.ts'
import { queue } from './queue/queue.ts'

runCommand(queue)
