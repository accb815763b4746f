import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfigFile } from '../../../src/config/read-file.ts'
import { scratch, unprivileged } from './scratch.ts'

describe('a configuration file', () => {
  it('is read with its mode', () => {
    const root = scratch({ 'a.conf': 'ä\n' })
    chmodSync(join(root, 'a.conf'), 0o640)
    expect(readConfigFile(join(root, 'a.conf'))).toEqual({ text: 'ä\n', mode: 0o640 })
  })

  it('that may not be read is denied', () => {
    const root = scratch({ 'a.conf': '' })
    chmodSync(root, 0o755)
    chmodSync(join(root, 'a.conf'), 0o000)
    expect(() => unprivileged(() => readConfigFile(join(root, 'a.conf')))).toThrow(
      expect.objectContaining({ code: 'CONFIG_DENIED', exitCode: 77 }),
    )
  })

  it('that is missing or a directory is refused by name', () => {
    const root = scratch()
    const gone = join(root, 'gone')
    expect(() => readConfigFile(gone)).toThrow(expect.objectContaining({ code: 'CONFIG_MISSING' }))
    expect(() => readConfigFile(root)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: `${root}: is a directory; name a file` }),
    )
  })

  it('that is not UTF-8 is refused with the line', () => {
    const root = scratch({ 'a.conf': Buffer.from('a = \xe4\n', 'latin1') })
    const latin = join(root, 'a.conf')
    expect(() => readConfigFile(latin)).toThrow(`${latin}:1: this line is not UTF-8 text`)
    const mixed = scratch({
      'a.conf': Buffer.concat([Buffer.from('a = ä \uFFFD\n'), Buffer.from([0x62, 0xe4, 0x0a])]),
    })
    expect(() => readConfigFile(join(mixed, 'a.conf'))).toThrow(
      `${join(mixed, 'a.conf')}:2: this line is not UTF-8`,
    )
  })
})
