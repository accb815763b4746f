/** Types of queue-fill.mjs, for tests that need a large queue quickly. */
export function fillQueue(
  queue: string,
  count: number,
  size: number,
  options?: { readonly dueIn?: number; readonly linked?: boolean },
): string
