/** Each fault of the table alone: what is on record after one attempt, and that all promises are kept. */
import { afterAll, describe, expect, it } from 'vitest'
import { PATIENT } from './accounts.ts'
import { Dice, newSeed } from './dice.ts'
import { FAULTS, type Allowed, type Fault } from './faults.ts'
import { violations } from './checker.ts'
import { overCalm } from './server-plan.ts'
import { letter, RigSite } from './site.ts'

const seed = newSeed()
/** Within a message of this many bytes. */
const SIZE = 500
const open: RigSite[] = []
afterAll(() => Promise.all(open.map((site) => site.end())))

/** What is on record for the one recipient; the report to its sender is another message. */
function recorded(site: RigSite): string[] {
  const stored = site.evidence().stored.filter(({ sender }) => sender !== '')
  return stored.length === 0 ? ['delivered'] : stored.flatMap(({ recipients }) => Object.values(recipients))
}

async function attempt({ name, script, account, endless }: Fault): Promise<RigSite> {
  const dice = new Dice(seed, name)
  const site = await RigSite.open(
    () => overCalm(script(dice, SIZE)),
    endless === true ? {} : { settings: PATIENT },
  )
  open.push(site)
  const call = { spool: 'first' as const, ...(account === undefined ? {} : { account }) }
  const result = await site.submit(letter('k1', 1, SIZE), call).result
  expect([0, 67, 69], `${result.stderr}, seed ${seed}`).toContain(result.code)
  return site
}

describe('a server that', () => {
  it.concurrent.each(FAULTS)('$what leaves what is allowed, and loses nothing ($name)', async (fault) => {
    const site = await attempt(fault)
    const allowed: readonly (Allowed | undefined)[] = fault.allowed
    for (const state of recorded(site)) {
      expect(allowed, `${fault.name}: ${state}, seed ${seed}`).toContain(state)
    }
    expect(violations(site.evidence()), `seed ${seed}`).toEqual([])
    await site.settle()
    expect(violations(site.evidence()), `seed ${seed}`).toEqual([])
  })
})

describe('the table of faults', () => {
  it('has no name twice', () => {
    const names = FAULTS.map(({ name }) => name)
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([])
  })

  it('gives the same faults for the same seed', () => {
    const bodies = (): unknown[] =>
      FAULTS.filter(({ name }) => name.startsWith('body')).map(({ script, name }) =>
        script(new Dice('s', name), SIZE),
      )
    expect(bodies()).toEqual(bodies())
  })
})
