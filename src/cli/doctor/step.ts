/**
 * One step of mq-send-test --check: what it looks at, and what it may find. A step never throws for what it is to find;
 * what it finds has a fixed form, so that people and programs read the same.
 */
import type { Config } from '../../config/config.ts'
import type { ExitCode } from '../../errors/sysexits.ts'
import type { Logger } from '../../logging/logger.ts'
import type { ProbedEnvelope } from '../../transport/envelope-probe.ts'
import type { Inspection } from '../../transport/inspection.ts'

/** The steps in the order in which they are taken. */
export type StepName =
  | 'configuration'
  | 'smarthost'
  | 'host'
  | 'connection'
  | 'greeting'
  | 'tls'
  | 'extensions'
  | 'login'
  | 'sender'
  | 'recipient'
  | 'dkim'
  | 'queue'
  | 'contents'
  | 'last-run'
  | 'drop'
  | 'webhook'
  | 'aliases'
  | 'clock'

/** What was found, for programs; the names of the members are documented in docs/doctor.md. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Why something does not work. */
export interface Fault {
  readonly state: 'failed'
  /** What does not work, as a sentence of a few words. */
  readonly what: string
  /** Why: the words of the server or of the system. */
  readonly why: string
  readonly remedy: string
  /** 75 for what may pass by itself, 69 for what the server refuses, 78 for the configuration. */
  readonly exit: ExitCode
  readonly facts?: Facts
  readonly warnings?: readonly string[]
}

/** What a step has found. */
export type Finding =
  | {
      readonly state: 'ok'
      /** In a few words, for people. */
      readonly says: string
      readonly facts?: Facts
      /** What works and should not stay as it is. */
      readonly warnings?: readonly string[]
    }
  | Fault
  | { readonly state: 'skipped'; readonly why: string }

/** What a step may look at. */
export interface Patient {
  readonly config: Config
  /** Lines about the configuration that are no errors. */
  readonly warnings: readonly string[]
  /** Whom the server is asked about; undefined when nobody was named. */
  readonly envelope: ProbedEnvelope | undefined
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The one session with the server, opened when it is asked for first. */
  inspect(): Promise<Inspection>
  /** The same, when somebody has asked for it. */
  inspected(): Promise<Inspection> | undefined
}

/** One row of the table of steps. */
export interface Step {
  readonly name: StepName
  /** What it looks at, for the documentation. */
  readonly doc: string
  /** `site` for what all accounts share, which is looked at once. */
  readonly about: 'account' | 'site'
  /** Steps without which this one makes no sense. */
  readonly needs: readonly StepName[]
  look(patient: Patient): Finding | Promise<Finding>
}
