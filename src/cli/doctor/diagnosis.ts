/**
 * What mq-send-test --check says: a line for each step as it is taken, or one JSON object at the end; and on standard
 * error the first fault, which decides the exit code.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Terminal } from '../exit.ts'
import { printable, printableJson } from '../printable.ts'
import type { Examined } from './examine.ts'
import type { Fault } from './step.ts'

/** How it is said. */
export interface Manner {
  readonly json: boolean
  /** Only faults. */
  readonly quiet: boolean
  /** Accounts are named, because there are several. */
  readonly several: boolean
}

const COLOURS = { ok: '32', failed: '31', skipped: '2', note: '33' } as const
const WORDS = { ok: 'ok', failed: 'FAILED', skipped: 'skipped', note: 'note' } as const
const MARK_WIDTH = 9
const STEP_WIDTH = 13
const GAP = '  '

type Mark = keyof typeof WORDS

function hasColour({ shown, env }: Terminal): boolean {
  return shown && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

function printLine(terminal: Terminal, mark: Mark, step: string, text: string): void {
  const word = WORDS[mark].padEnd(MARK_WIDTH)
  const rest = `${step.padEnd(STEP_WIDTH)}${GAP}${text.replace(/[\n\t]/g, ' ')}\n`
  if (!hasColour(terminal)) terminal.print(`${word}${rest}`)
  else terminal.printBytes(Buffer.from(`\x1b[${COLOURS[mark]}m${word}\x1b[0m${printable(rest)}`))
}

/** The words of a fault on one line: what, why, what to do. */
function faultLine({ what, why, remedy }: Fault): string {
  return `${what}: ${why}; ${remedy}`
}

function printStep(terminal: Terminal, { step, account, finding }: Examined, { several }: Manner): void {
  const name = several && account !== undefined ? `${account} ${step}` : step
  if (finding.state === 'ok') printLine(terminal, 'ok', name, finding.says)
  else if (finding.state === 'skipped') printLine(terminal, 'skipped', name, finding.why)
  else printLine(terminal, 'failed', name, faultLine(finding))
  if (finding.state === 'skipped') return
  for (const warning of finding.warnings ?? []) printLine(terminal, 'note', name, warning)
}

/** A step for programs. */
function stepRecord({ step, account, finding }: Examined): object {
  const named = account === undefined ? { step } : { step, account }
  if (finding.state === 'ok') {
    const { state, says, facts = {}, warnings = [] } = finding
    return { ...named, state, says, facts, warnings }
  }
  if (finding.state === 'skipped') return { ...named, ...finding }
  const { state, what, why, remedy, exit, facts = {}, warnings = [] } = finding
  return { ...named, state, what, why, remedy, exit, facts, warnings }
}

/** The faults, in the order of the steps. */
function faultsOf(all: readonly Examined[]): (Omit<Examined, 'finding'> & { readonly fault: Fault })[] {
  return all.flatMap(({ finding, ...about }) =>
    finding.state === 'failed' ? [{ ...about, fault: finding }] : [],
  )
}

/**
 * Says what is found.
 *
 * @returns 0 when all is well, else the code of the first fault
 */
export async function tellDiagnosis(
  terminal: Terminal,
  examined: AsyncIterable<Examined> | Iterable<Examined>,
  manner: Manner,
): Promise<ExitCode> {
  const all: Examined[] = []
  for await (const each of examined) {
    all.push(each)
    if (!manner.json && !manner.quiet) printStep(terminal, each, manner)
  }
  const faults = faultsOf(all)
  const [first] = faults
  const exit = first?.fault.exit ?? EX.OK
  if (manner.json) {
    const failed = first === undefined ? {} : { failed: first.step }
    terminal.print(printableJson({ ok: first === undefined, exit, ...failed, steps: all.map(stepRecord) }))
  }
  // The others stand in what was printed.
  for (const { step, account, fault } of manner.quiet ? faults : faults.slice(0, 1)) {
    const where = manner.several && account !== undefined ? `account ${account}, ` : ''
    terminal.complain(`${where}${step}: ${faultLine(fault)}`)
  }
  return exit
}
