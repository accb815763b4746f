/** docs/callers.md names every program that is tested, and no test that does not exist. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

/** Cases about servers and reports are not about callers. */
const CASES = readdirSync(join(ROOT, '.ci/interop'))
  .filter((name) => name !== 'servers.sh')
  .flatMap((name) => [...textOf(`.ci/interop/${name}`).matchAll(/^(?:case|site)_(\w+)\(\)/gm)])
  .map(([, name = '']) => name)

const ROWS = [
  ...textOf('docs/callers.md').matchAll(/^\| ([^|]+) \| [^|]+ \| (run: |arguments)([^|]*)\|$/gm),
].map(([, program = '', how = '', names = '']) => ({ program: program.trim(), how, names }))

describe('the table of docs/callers.md', () => {
  it('has a row for each program that is run', () => {
    const named = ROWS.flatMap(({ names }) => [...names.matchAll(/`(\w+)`/g)]).map(([, name = '']) => name)
    expect(named.toSorted()).toEqual(CASES.toSorted())
  })

  it('says "arguments" of programs whose arguments are tested', () => {
    const test = textOf('test/e2e/mq-sendmail-callers.test.ts')
    const others = ROWS.filter(({ how }) => how === 'arguments').map(({ program }) => program)
    expect(others.length).toBeGreaterThan(5)
    expect(others.filter((program) => !test.includes(`'${program}'`))).toEqual([])
  })
})
