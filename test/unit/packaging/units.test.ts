/** The units of systemd are right, confine what they start, and are not further apart than they have to be. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { textOf } from '../docs/pages.ts'
import { BIN } from '../../helpers/run-command.ts'

const UNITS = ['mailqueue.service', 'mailqueue-run.service', 'mailqueue-run.timer']
const SERVICES = UNITS.filter((name) => name.endsWith('.service'))
/** The worst that systemd still calls OK, in tenths. */
const OK = 40

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-units-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
for (const name of UNITS)
  // The commands are not installed on the machine that tests them.
  writeFileSync(join(directory, name), textOf(`packaging/systemd/${name}`).replace('=/usr/bin/', `=${BIN}`))

const analyze = (args: readonly string[]) =>
  spawnSync('systemd-analyze', [...args], { cwd: directory, encoding: 'utf8' })
const hasAnalyze = analyze(['--version']).status === 0

/** What a unit lets its program do: the lines from the first about that on. */
const confinement = (name: string): string[] =>
  textOf(`packaging/systemd/${name}`)
    .split('\n')
    .filter((line) => /^[A-Z]\w+=/.test(line))
    .slice(
      textOf(`packaging/systemd/${name}`)
        .split('\n')
        .filter((line) => /^[A-Z]\w+=/.test(line))
        .findIndex((line) => line.startsWith('LoadCredential=')),
    )
    .filter((line) => !line.startsWith('WantedBy='))

describe('the units', () => {
  it.skipIf(!hasAnalyze)('are understood by systemd without a complaint', () => {
    const result = analyze(['verify', '--man=no', ...UNITS.map((name) => `./${name}`)])
    const said = result.stderr.split('\n').filter((line) => line.includes('mailqueue'))
    expect({ status: result.status, said }).toEqual({ status: 0, said: [] })
  })

  it.skipIf(!hasAnalyze).each(SERVICES)('%s is rated OK or better', (name) => {
    const options = ['security', '--offline=true', `--threshold=${OK}`, '--no-pager', `./${name}`]
    const result = analyze(options)
    expect(result.stdout).toMatch(/Overall exposure level for \S+: [0-3]\.\d (OK|SAFE)/)
    expect(result.status).toBe(0)
  })

  it('confine a run by the timer as they confine the daemon', () => {
    const [daemon = '', run = ''] = SERVICES
    expect(confinement(daemon).length).toBeGreaterThan(20)
    expect(confinement(run)).toEqual(confinement(daemon))
  })

  it('run as the user who has the queue and reads the secrets, and may write nowhere else', () => {
    for (const name of SERVICES) {
      const text = textOf(`packaging/systemd/${name}`)
      expect(text).toMatch(/^User=mailqueue$/m)
      expect(text).toMatch(
        /^ReadWritePaths=\/var\/spool\/mailqueue -\/var\/lib\/mailqueue -\/var\/log\/mailqueue$/m,
      )
      // These would hide whose mail it is, and which processes are alive.
      expect(text).not.toMatch(/^(PrivateUsers|ProtectProc|ProcSubset)=/m)
    }
  })
})

describe('the AppArmor profile', () => {
  const parse = (text: string) => spawnSync('apparmor_parser', ['-QK'], { input: text, encoding: 'utf8' })
  const hasParser = parse('profile empty {}\n').status === 0

  it.skipIf(!hasParser)('is understood', () => {
    expect(parse(textOf('packaging/apparmor/mailqueue')).status).toBe(0)
  })

  it('has the name that the units ask for', () => {
    expect(textOf('packaging/apparmor/mailqueue')).toMatch(/^profile mailqueue /m)
    for (const name of SERVICES)
      expect(textOf(`packaging/systemd/${name}`)).toMatch(/^AppArmorProfile=-mailqueue$/m)
  })
})
