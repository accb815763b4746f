/**
 * The password file: its users, and what is no entry.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readUsers } from '../../../src/util/passwd.ts'

it('gives each user once, and passes over what is no entry', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-passwd-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'passwd')
  const lines = [
    'ann:x:1000:1000:Ann A.,Room 1:/home/ann:/bin/sh',
    '# comment',
    '+::::::',
    ':x:1:1::/:/bin/sh',
    'bad:x:many:1::/:/bin/sh',
    'ann:x:0:0:Another:/root:/bin/sh',
    'short:x:7',
    '',
  ]
  writeFileSync(path, lines.join('\n'))
  expect([...readUsers(path).values()]).toEqual([
    { name: 'ann', uid: 1000, gid: 1000, gecos: 'Ann A.,Room 1', home: '/home/ann' },
    { name: 'short', uid: 7, gid: undefined, gecos: '', home: '' },
  ])
})

it('throws the error of the system when there is no such file', () => {
  expect(() => readUsers('/nonexistent/passwd')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})

it('knows who runs this test', () => {
  const { username, uid, homedir } = userInfo()
  expect(readUsers().get(username)).toMatchObject({ uid, home: homedir })
})
