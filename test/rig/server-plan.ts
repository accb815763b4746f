/** What the server of the rig does on each connection: nothing wrong, or faults of the table by seeded dice. */
import type { BodyFault, Reaction, Script, StepContext } from '../helpers/scripted-server.ts'
import type { Dice } from './dice.ts'
import { FAULTS } from './faults.ts'

/** What the server does when nothing is wrong: it lets everybody log in. */
export const CALM: Script = {
  extensions: ['PIPELINING', '8BITMIME', 'SIZE 50000000', 'AUTH PLAIN'],
  auth: '235 2.7.0 welcome',
}

/** A script with what it does when nothing is wrong. The script decides where both say something. */
export function overCalm(script: Script): Script {
  return { ...CALM, ...script, extensions: [...(CALM.extensions ?? []), ...(script.extensions ?? [])] }
}

const SPANS = [300, 5000, 400_000]

/** Nothing, one fault, or sometimes two. */
function mixture(dice: Dice): Script {
  const count = dice.pick([0, 0, 0, 1, 1, 1, 2])
  const scripts = Array.from({ length: count }, () => dice.pick(FAULTS).script(dice, dice.pick(SPANS)))
  return Object.assign({}, ...scripts) as Script
}

function choose<T extends Reaction | BodyFault>(
  chosen: T | ((context: StepContext) => T | undefined) | undefined,
  context: StepContext,
): T | undefined {
  return typeof chosen === 'function' ? chosen(context) : chosen
}

/**
 * What the server does on one connection: faults of the session, and others for each transaction.
 *
 * @param dice of this connection
 */
export function chaoticConnection(dice: Dice): Script {
  let current: Script = {}
  const during =
    (step: 'rcpt' | 'data' | 'dot') =>
    (context: StepContext): Reaction | undefined =>
      choose(current[step], context)
  return {
    ...overCalm(mixture(dice)),
    mail: (context) => {
      current = mixture(dice)
      return choose(current.mail, context)
    },
    rcpt: during('rcpt'),
    data: during('data'),
    dot: during('dot'),
    body: (context) => choose(current.body, context),
  }
}
