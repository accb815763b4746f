/** The name of this host. */
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { hostName } from '../../../src/util/host-name.ts'

it('is what gethostname(2) says', () => {
  expect(hostName()).toBe(hostname())
})
