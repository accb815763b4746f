/**
 * Plug-ins that end the process or throw out of nowhere: a mail is never said to be accepted when it is not, and
 * a delivery is never ended half way.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite } from '../helpers/mail-site.ts'

async function siteWith(code: string) {
  const site = await openSite()
  const path = join(site.directory, 'plug-in.mjs')
  writeFileSync(path, code)
  chmodSync(path, 0o600)
  site.configure({ plugins: path })
  return site
}

describe('mq-sendmail', () => {
  it.each([
    ['at its top level', 'process.exit(0)\nexport default { name: "x", setup() {} }'],
    ['in setup', 'export default { name: "x", setup() { process.exit(0) } }'],
  ])('does not exit 0 when a plug-in ends the process %s', async (_where, code) => {
    const site = await siteWith(code)
    const { code: exitCode, stderr } = await site.run('mq-sendmail', ['-i', 'one@d.example'], { stdin: M0 })
    expect(exitCode).toBe(75)
    expect(stderr).toMatch(/^mq-sendmail: the process was ended before its work was done/)
    expect(site.received).toHaveLength(0)
  })

  it('sends the mail although a plug-in throws from a timer', async () => {
    const late = 'setImmediate(() => { throw new Error("late") })'
    const site = await siteWith(`export default { name: "x", setup() { ${late} } }`)
    const { code, stderr } = await site.run('mq-sendmail', ['-i', 'one@d.example'], { stdin: M0 })
    expect(code).toBe(0)
    expect(stderr).toContain('late')
    expect(site.received).toHaveLength(1)
  })
})
