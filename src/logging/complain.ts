/**
 * How a person at a terminal, or whoever reads the mail of cron, is told of what does not stop the mail. Log events are
 * for programs; this is for people.
 */

/** Takes one line, without a line end: what is wrong, why, and what to do. */
export type Complain = (line: string) => void
