/**
 * The only importer of commander: makes a parser whose errors are ours (one line, exit 64) and which never
 * prints or exits by itself.
 */
import { Command, CommanderError } from 'commander'
import { MailError } from '../errors/mail-error.ts'
import { VERSION } from '../util/version.ts'
import { AllDone } from './all-done.ts'
import type { Terminal } from './exit.ts'

export type { Command } from 'commander'

/** A parser for one command. */
export function newCommand(terminal: Terminal, description: string): Command {
  return new Command(terminal.program)
    .description(description)
    .version(`mailqueue ${VERSION}`, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text), writeErr: () => undefined })
}

/**
 * Parses the command line and runs the action that belongs to it.
 *
 * @throws MailError USAGE for what the command does not know, AllDone after --help and --version
 */
export async function parseCommand(command: Command, terminal: Terminal): Promise<void> {
  try {
    await command.parseAsync([...terminal.args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) throw new AllDone()
    // What commander throws when a command is called without the subcommand it needs.
    const why =
      error.code === 'commander.help' ? 'name what is to be done' : error.message.replace(/^error: /, '')
    throw new MailError('USAGE', `${why}; see --help`)
  }
}
