/**
 * What a refusal means for whoever handed the message in, a command as well as a program: the name of the failure, and
 * with it the exit code (docs/exit-codes.md).
 */
import { ERROR_CODES, type ErrorCode } from '../errors/codes.ts'
import type { ExitCode } from '../errors/sysexits.ts'
import type { Refused } from '../message/outcome.ts'

/** A message that the server refused altogether is no fault of the addresses. */
export function refusalCode(refused: readonly Refused[]): ErrorCode {
  return refused.some(({ scope }) => scope === 'message') ? 'MESSAGE_REFUSED' : 'RECIPIENT_REFUSED'
}

/** The exit code of a command whose message was refused for these recipients. */
export function refusalExit(refused: readonly Refused[]): ExitCode {
  return ERROR_CODES[refusalCode(refused)].exit
}
