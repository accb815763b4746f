/**
 * Ends a command that has printed all it was asked for, such as its help.
 */
import { EX } from '../errors/sysexits.ts'
import type { EndCode } from './exit.ts'

/** Thrown when there is nothing more to do or to say. */
export class AllDone extends Error {
  readonly exitCode: EndCode

  /** @param exitCode how the process is to end; well, when left out */
  constructor(exitCode: EndCode = EX.OK) {
    super('all done')
    this.exitCode = exitCode
  }
}
