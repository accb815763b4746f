/**
 * What a check of the queue finds, and how it is mended.
 */

/** Something that is not as it should be. */
export interface Finding {
  /** Absolute path. */
  readonly path: string
  /** What is wrong, for people. */
  readonly what: string
  /** What mending it means, in the past tense; undefined when only a person can decide. */
  readonly cure: string | undefined
  /**
   * Mends it. Resolves to false when it turned out to be no fault: somebody else moved or removed the file.
   *
   * @throws MailError QUEUE_* when it cannot be mended
   */
  readonly mend?: () => Promise<boolean>
  /** True for what needs nobody's attention. */
  readonly harmless?: true
}

/** Where and when is looked. */
export interface Checking {
  /** Absolute path. */
  readonly queueDir: string
  /** Milliseconds since the epoch. */
  readonly now: number
}
