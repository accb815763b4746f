import { describe, expect, it } from 'vitest'
import { nullLogger, type LogFields, type Logger } from '../../../src/logging/logger.ts'
import { openDialogue } from '../../../src/transport/dialogue.ts'
import { newSecrets } from '../../../src/transport/secrets/secrets.ts'

function logged(exchange: readonly (readonly ['client' | 'server' | 'message', string])[]): LogFields[] {
  const seen: LogFields[] = []
  const log: Logger = { ...nullLogger, debugEnabled: true, debug: (_event, fields) => seen.push(fields) }
  const secrets = newSecrets()
  secrets.add('hunter22')
  const dialogue = openDialogue(log, (text) => secrets.clean(text))
  dialogue.id = 'Q1'
  if (dialogue.logger === false) throw new Error('nothing is logged')
  for (const [tnx, line] of exchange) dialogue.logger['debug']?.({ tnx, sid: 's1' }, line)
  return seen
}

const lines = (exchange: Parameters<typeof logged>[0]): unknown[] => logged(exchange).map(({ line }) => line)

describe('openDialogue', () => {
  it('is off when nobody wants debug events', () => {
    expect(openDialogue(nullLogger, (text) => text).logger).toBe(false)
  })

  it('logs each line with its connection and the queue id', () => {
    expect(logged([['client', 'MAIL FROM:<a@b>']])).toEqual([
      { line: 'C: MAIL FROM:<a@b>', connection: 's1', id: 'Q1' },
    ])
    expect(lines([['server', '250-a\n250 b']])).toEqual(['S: 250-a', 'S: 250 b'])
  })

  it('hides everything a login carries', () => {
    const secret = Buffer.from('\0ann\0hunter22').toString('base64')
    expect(
      lines([
        ['client', `AUTH PLAIN ${secret}`],
        ['server', '535 no'],
        ['client', 'AUTH LOGIN'],
        ['server', '334 VXNlcm5hbWU6'],
        ['client', 'YW5u'],
        ['server', '334 UGFzc3dvcmQ6'],
        ['client', 'anything'],
        ['server', '235 hello hunter22'],
        ['client', 'RSET'],
      ]),
    ).toEqual([
      'C: AUTH PLAIN ***',
      'S: 535 no',
      'C: AUTH LOGIN',
      'S: 334 ***',
      'C: ***',
      'S: 334 ***',
      'C: ***',
      'S: 235 hello ***',
      'C: RSET',
    ])
  })

  it('never logs the message', () => {
    expect(lines([['message', 'Subject: private']])).toEqual([])
  })
})
