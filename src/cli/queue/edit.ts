/**
 * `mq-queue edit`: another sender, other recipients or another priority for queued messages. The stored file is never
 * rewritten: the journal says what holds from here on.
 */
import { ACCOUNT_NAME_FORM, isAccountName } from '../../config/account-name.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { ExitCode } from '../../errors/sysexits.ts'
import type { Edit } from '../../delivery/administration.ts'
import { qualify } from '../../message/address/address.ts'
import { readRecipients, readSender } from '../../message/recipients.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { useAccount } from '../account.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { addChangingCommand, type ChangingCommand } from './changing.ts'
import type { Setup } from '../setup.ts'
import type { NamedQueue } from './named.ts'

interface EditOptions {
  readonly sender?: string
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly priority?: string
  readonly route?: string
}

function readPriority(text: string): number {
  if (/^\d$/.test(text)) return Number(text)
  throw new MailError('USAGE', `--priority ${text}: write a digit, 0 for the most urgent to 9`)
}

function readAddresses(option: string, texts: readonly string[], domain: () => string): readonly string[] {
  const { recipients, problems } = readRecipients(texts)
  if (problems[0] !== undefined) throw new MailError('ADDRESS_INVALID', problems[0])
  if (recipients.length === 0) throw new MailError('USAGE', `${option} names nobody; write an address`)
  return recipients.map((address) => (address.includes('@') ? address : qualify(address, domain())))
}

/** With --queue-dir no configuration is read, so nobody knows which accounts there are. */
function readRoute(name: string, setup: Setup): string {
  if (setup.config.source !== undefined) return useAccount(setup, name, '--route').config.account
  if (isAccountName(name)) return name
  throw new MailError('USAGE', `--route takes the name of an account: ${ACCOUNT_NAME_FORM}`)
}

function readEdit(options: EditOptions, { setup }: NamedQueue): Edit {
  const { sender, add, remove, priority, route } = options
  if ([sender, add, remove, priority, route].every((value) => value === undefined)) {
    throw new MailError('USAGE', 'nothing to edit; give --sender, --add, --remove, --route or --priority')
  }
  const domain = (): string => mailDomain(setup.config.qualifyDomain)
  return {
    action: 'edit',
    ...(sender === undefined ? {} : { sender: qualify(readSender(sender), domain()) }),
    ...(add === undefined ? {} : { add: readAddresses('--add', add, domain) }),
    ...(remove === undefined ? {} : { remove: readAddresses('--remove', remove, domain) }),
    ...(route === undefined ? {} : { account: readRoute(route, setup) }),
    ...(priority === undefined ? {} : { priority: readPriority(priority) }),
  }
}

const EDIT: ChangingCommand = {
  action: 'edit',
  doc: 'change the envelope or the priority of messages',
  done: 'edited',
  places: ['new', 'cur', 'hold'],
  options: [
    { flags: '--sender <address>', doc: 'the sender from now on; <> is the null sender' },
    { flags: '--add <addresses>', doc: 'recipients who get the message too', repeats: true },
    {
      flags: '--remove <addresses>',
      doc: 'recipients who do not get the message any more',
      repeats: true,
    },
    { flags: '--route <account>', doc: 'the account they go over from now on, at once' },
    { flags: '--priority <digit>', doc: '0 is the most urgent, 9 the least, 5 the usual' },
  ],
  change: (options, named) => readEdit(options, named),
}

/** Adds edit to mq-queue. */
export function addEditCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  addChangingCommand(parent, terminal, done, EDIT)
}
