/**
 * Ends a command that has printed all it was asked for, such as its help.
 */

/** Thrown when the command has done all it was asked for; not a failure. */
export class AllDone extends Error {}
