/** Promises of src/logging/pino-logger.ts: JSON lines with fixed fields, written when the call returns. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPrivacy } from '../../../src/logging/hiding.ts'
import { createLogger } from '../../../src/logging/pino-logger.ts'
import type { LogLevel } from '../../../src/config/config.ts'
import type { Logger } from '../../../src/logging/logger.ts'

let root: string
let log: string
let complaints: string[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-log-'))
  log = join(root, 'log')
  complaints = []
})

afterEach(() => rmSync(root, { recursive: true }))

const open = (level: LogLevel, path = log): Promise<Logger> =>
  createLogger({ log: path, level, program: 'mq-run', complain: (line) => complaints.push(line) })

/** What a program without our types may give. */
const as = (facts: object): never => facts as never

const lines = (): unknown[] =>
  readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))

describe('createLogger', () => {
  it('writes one object a line with time, level, program, pid, event and the fields', async () => {
    const logger = await open('info')
    logger.info('message.queued', { id: 'q1', sender: '', recipients: ['a@site.example'], size: 7 })
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
        program: 'mq-run',
        pid: process.pid,
        event: 'message.queued',
        id: 'q1',
        sender: '',
        recipients: ['a@site.example'],
        size: 7,
      },
    ])
  })

  it.each([
    ['debug', 4, true],
    ['info', 3, false],
    ['warn', 2, false],
    ['error', 1, false],
  ] as const)('at level %s writes %i of the four levels', async (level, count, debugEnabled) => {
    const logger = await open(level)
    logger.debug('smtp.dialogue', { line: 'C: QUIT' })
    logger.info('account.works', { transport: 'x' })
    logger.warn('message.held', { id: 'q1' })
    logger.error('plugin.failed', { plugin: 'p', reason: 'r' })
    expect(lines()).toHaveLength(count)
    expect(logger.debugEnabled).toBe(debugEnabled)
  })

  it('never writes a secret', async () => {
    const logger = await open('info')
    logger.error(
      'plugin.failed',
      as({ auth: { pass: 'hunter2' }, err: new Error('535', { cause: 'hunter2' }) }),
    )
    expect(readFileSync(log, 'utf8')).not.toContain('hunter2')
    expect(lines()).toEqual([expect.objectContaining({ auth: '[redacted]', err: { message: '535' } })])
    expect(lines()).toEqual([expect.not.objectContaining({ msg: expect.anything() as unknown })])
  })

  it('renames fields that every line has already, so that no name is there twice', async () => {
    const logger = await open('info')
    logger.info('run.finished', as({ event: 'x', level: 9 }))
    expect(lines()).toEqual([expect.objectContaining({ event: 'run.finished', event_: 'x', level_: 9 })])
    expect(readFileSync(log, 'utf8').match(/"level":/g)).toHaveLength(1)
  })

  it('keeps a value with a line break on one line', async () => {
    const logger = await open('info')
    logger.error('plugin.failed', { plugin: 'p', reason: '550 no\r\n{"event":"forged"}' })
    expect(lines()).toHaveLength(1)
  })

  it('survives a field that cannot be read', async () => {
    const logger = await open('info')
    const broken = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    logger.info('run.finished', as({ broken }))
    expect(lines()).toEqual([expect.objectContaining({ event: 'run.finished', unloggable: 'no' })])
  })

  it('hides addresses as it is told', async () => {
    const { complain, ...options } = { level: 'info', program: 'p', complain: () => undefined } as const
    const logger = await createLogger({ log, complain, ...options, privacy: createPrivacy('domain') })
    logger.error('report.impossible', { id: 'q1', to: 'anna@site.example', reason: 'anna is unknown' })
    expect(lines()).toEqual([expect.objectContaining({ to: '*@site.example', reason: '* is unknown' })])
  })

  it('complains once about a log that cannot be written and never throws', async () => {
    const logger = await open('info', join(root, 'none', 'log'))
    logger.warn('message.held', { id: 'q1' })
    logger.warn('message.held', { id: 'q2' })
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain('ENOENT')
  })
})
