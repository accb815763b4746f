/**
 * Whether another process lives, as far as this one can see.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { liveness, thisProcess } from '../../../src/queue/host.ts'

const self = { ...thisProcess(), machine: 'm1' }

describe('a process', () => {
  it('is alive to itself', () => {
    expect(liveness(self, self)).toBe('alive')
  })

  it('knows its pid, and on Linux its boot, its namespace and its start', () => {
    expect(self.pid).toBe(process.pid)
    if (!existsSync('/proc/self/stat')) return
    expect(self.boot).toMatch(/^[0-9a-f-]{36}$/)
    expect(self.namespace).toMatch(/^pid:\[\d+\]$/)
    expect(self.start).toMatch(/^\d+$/)
  })

  it('is gone once its pid is nobody', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    const { pid } = child
    await once(child, 'close')
    expect(liveness({ ...self, pid: pid ?? 0 }, self)).toBe('gone')
  })

  it.runIf(existsSync('/proc/self/stat'))(
    'is gone when it is dead, though its parent never asks',
    async () => {
      // The shell becomes a program that knows nothing of the child it has; the child ends when that is done.
      const child = `until [ "$(cat /proc/$PPID/comm)" = sleep ]; do :; done`
      const parent = spawn('sh', ['-c', `sh -c '${child}' & echo $!; exec sleep 60`], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      try {
        const [line] = (await once(parent.stdout, 'data')) as [Buffer]
        const pid = Number(line.toString())
        const fields = (): string[] =>
          readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
        while (fields()[0] !== 'Z') await new Promise((resolve) => setImmediate(resolve))
        expect(liveness({ ...self, pid, start: fields()[19] ?? '' }, self)).toBe('gone')
      } finally {
        parent.kill('SIGKILL')
        await once(parent, 'close')
      }
    },
  )

  it('is gone when its pid belongs to a process that started at another time', () => {
    expect(liveness({ ...self, start: '1' }, self)).toBe('gone')
  })

  it('is gone after a reboot of its host', () => {
    expect(liveness({ ...self, boot: 'earlier' }, self)).toBe('gone')
  })

  it('of another boot is unknown where the machine cannot be told: it may be another host of that name', () => {
    const nameless = { ...self, machine: '' }
    expect(liveness({ ...nameless, boot: 'other' }, nameless)).toBe('unknown')
    expect(liveness(nameless, nameless)).toBe('alive')
  })

  it.each([{ host: 'other' }, { machine: 'other' }, { namespace: 'pid:[1]' }])(
    'cannot be seen when it is elsewhere: %j',
    (difference) => {
      expect(liveness({ ...self, ...difference }, self)).toBe('unknown')
    },
  )
})
