/** docs/callers.md names every program that is tested, and no test that does not exist. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

const MAIL_CALLERS = 'mail-callers.sh'

/** These cases are about servers, proxies, logins, signatures, logs and other implementations, and not about callers. */
const OTHERS = [
  ...['servers.sh', 'proxies.sh', 'dkim.sh', 'mail-compared.sh'],
  ...['log-in.sh', 'logins.sh', 'exim.sh', 'opensmtpd.sh', 'logs.sh'],
]

const casesOf = (names: readonly string[]): string[] =>
  names
    .flatMap((name) => [...textOf(`.ci/interop/${name}`).matchAll(/^(?:case|site)_(\w+)\(\)/gm)])
    .map(([, name = '']) => name)

const SENDMAIL_CALLERS = readdirSync(join(ROOT, '.ci/interop')).filter(
  (name) => name !== MAIL_CALLERS && !OTHERS.includes(name),
)

/** The rows below a heading. */
const rowsOf = (heading: string) => {
  const section =
    textOf('docs/callers.md')
      .split(/^## /m)
      .find((each) => each.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| ([^|]+) \| [^|]+ \| (run: |arguments)([^|]*)\|$/gm)].map(
    ([, program = '', how = '', names = '']) => ({ program: program.trim(), how, names }),
  )
}

describe.each([
  { command: 'sendmail', files: SENDMAIL_CALLERS, test: 'test/e2e/mq-sendmail-callers.test.ts' },
  { command: 'mail', files: [MAIL_CALLERS], test: 'test/e2e/mq-mail-callers.test.ts' },
])('the table of programs that call $command in docs/callers.md', ({ command, files, test }) => {
  const rows = rowsOf(`Programs that call ${command}`)

  it('has a row for each program that is run', () => {
    const named = rows.flatMap(({ names }) => [...names.matchAll(/`(\w+)`/g)]).map(([, name = '']) => name)
    expect(named.toSorted()).toEqual(casesOf(files).toSorted())
  })

  it('says "arguments" of programs whose arguments are tested', () => {
    const others = rows.filter(({ how }) => how === 'arguments').map(({ program }) => program)
    expect(others.length).toBeGreaterThan(5)
    expect(others.filter((program) => !textOf(test).includes(`'${program}'`))).toEqual([])
  })
})
