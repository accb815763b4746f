import { userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { homeDirectory } from '../../../src/util/home.ts'

describe('the home directory', () => {
  it('is the absolute path in HOME', () => {
    expect(homeDirectory({ HOME: '/home/ann' })).toBe('/home/ann')
  })

  it.each([[{}], [{ HOME: '' }], [{ HOME: '.' }], [{ HOME: 'ann' }], [{ HOME: '~' }]])(
    'is that of the password file when the environment is %j: what is there must not come from the current directory',
    (env) => {
      expect(homeDirectory(env)).toBe(userInfo().homedir)
    },
  )
})
