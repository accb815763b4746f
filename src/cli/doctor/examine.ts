/**
 * mq-send-test --check: takes all steps, for one account or for several, and hands over what each has found as soon as it
 * is known. A step whose ground is missing is skipped; whatever does not depend on a failed step is looked at nevertheless.
 */
import type { Config } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Logger } from '../../logging/logger.ts'
import type { ProbedEnvelope } from '../../transport/envelope-probe.ts'
import { impatient } from '../../transport/impatient.ts'
import { inspectServer, type Inspection } from '../../transport/inspection.ts'
import { unusableConfiguration } from './host.ts'
import type { Finding, Patient, Step, StepName } from './step.ts'
import { STEPS } from './steps.ts'

/** What a step has found. */
export interface Examined {
  readonly step: StepName
  /** Undefined for what all accounts share. */
  readonly account: string | undefined
  readonly finding: Finding
}

/** An account to be examined. */
export interface Case {
  /** With the settings of the account. */
  readonly config: Config
  readonly envelope: ProbedEnvelope | undefined
  readonly log: Logger
}

function patientOf(
  { config: given, envelope, log }: Case,
  warnings: readonly string[],
  now: number,
): Patient {
  const { smtp, submitTimeout } = given
  const config = smtp === undefined ? given : { ...given, smtp: impatient(smtp, submitTimeout) }
  let inspecting: Promise<Inspection> | undefined
  return {
    config,
    warnings,
    envelope,
    log,
    now,
    inspected: () => inspecting,
    inspect: () => {
      if (config.smtp === undefined) throw new TypeError('there is no server to inspect')
      return (inspecting ??= inspectServer(config.smtp, log, envelope))
    },
  }
}

async function take(step: Step, patient: Patient, found: ReadonlyMap<StepName, Finding>): Promise<Finding> {
  const missing = step.needs.find((name) => found.get(name)?.state !== 'ok')
  if (missing !== undefined) return { state: 'skipped', why: `it needs the step ${missing}` }
  return step.look(patient)
}

/**
 * Takes all steps: for the first account all of them, for the others those that are about an account.
 *
 * @param cases at least one
 * @param warnings lines about the configuration that are no errors
 * @param now milliseconds since the epoch
 */
export async function* examine(
  cases: readonly Case[],
  warnings: readonly string[],
  now: number,
): AsyncGenerator<Examined> {
  const shared = new Map<StepName, Finding>()
  for (const [at, each] of cases.entries()) {
    const patient = patientOf(each, warnings, now)
    const found = new Map(shared)
    for (const step of STEPS) {
      if (step.about === 'site' && at > 0) continue
      const finding = await take(step, patient, found)
      found.set(step.name, finding)
      if (step.about === 'site') shared.set(step.name, finding)
      const account = step.about === 'site' ? undefined : each.config.account
      yield { step: step.name, account, finding }
    }
  }
}

/** What is left to say where there is no configuration. */
export function examineNothing(error: unknown): Examined[] {
  if (!(error instanceof MailError)) throw error
  const skipped: Finding = { state: 'skipped', why: 'it needs the step configuration' }
  return STEPS.map(({ name }, at) => ({
    step: name,
    account: undefined,
    finding: at === 0 ? unusableConfiguration(error) : skipped,
  }))
}
