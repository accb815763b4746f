/**
 * Ends a command that has printed all it was asked for, such as its help.
 */

/** Thrown when there is nothing left to do; not a failure. */
export class NothingLeftToDo extends Error {}
