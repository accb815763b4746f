/** Facts of this host that are looked up now and then. */
import { expect, it } from 'vitest'
import { remembered } from '../../../src/util/remembered.ts'

it('looks once for questions that follow each other', () => {
  let looks = 0
  const fact = remembered(() => {
    looks += 1
    return 'vm'
  })
  expect([fact(), fact(), looks]).toEqual(['vm', 'vm', 1])
})
