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

  it.each([
    ['ends the process', 'process.exit(0)'],
    ['ends the process as if it had failed', 'process.exit(1)'],
    ['throws', 'throw new Error("stuck")'],
  ])('says what became of the mail although a plug-in %s when it is ended', async (_how, code) => {
    const ending = `export default { name: "x", setup: () => () => { console.error("ends"); ${code} } }`
    const site = await siteWith(ending)
    const sent = await site.run('mq-sendmail', ['-i', 'one@d.example'], { stdin: M0 })
    expect(sent.code).toBe(0)
    expect(sent.stderr).toMatch(/^ends\n/)
    expect(site.received).toHaveLength(1)
    const refused = await site.run('mq-sendmail', ['-i', 'reject@d.example'], { stdin: M0 })
    expect(refused.code).toBe(67)
    expect(refused.stderr).toContain('reject@d.example was refused')
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
