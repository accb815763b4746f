/** Something a test waits for that happens in a server or a callback of its own. */
export interface Event {
  readonly happened: Promise<void>
  /** Says that it has. Only the first time counts. */
  readonly happens: () => void
}

/** One that has not happened yet. */
export function event(): Event {
  let happens = (): void => undefined
  const happened = new Promise<void>((resolve) => (happens = resolve))
  return { happened, happens: () => happens() }
}
