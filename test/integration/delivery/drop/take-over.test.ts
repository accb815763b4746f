/**
 * Taking over what users dropped: what becomes of it, who is told of what is refused, and who is served when. Each test ends
 * by asserting exactly what the queue and the drop hold.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { senderRule } from '../../../../src/delivery/drop/sender.ts'
import { dropIntake, takeOverDrops } from '../../../../src/delivery/drop/take-over.ts'
import { runQueueOnce } from '../../../../src/delivery/run-queue.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import { MemoryTransport } from '../../../../src/transport/memory.ts'
import { droppedText, messageName } from '../../../helpers/drop-site.ts'
import { queueContents, storedIn } from '../../../helpers/queue-dir.ts'
import { ANN, ANN_NAME, BOB, HOUR, isRoot, openPlace } from './place.ts'

describe.runIf(isRoot)('what lies in the drop', () => {
  it('becomes a message of its owner', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex'))
    expect(await place.takeOver()).toMatchObject({ taken: 1, refused: 0, left: 0, problem: undefined })
    expect(queueContents(place.queueDir)).toEqual({ new: ['one@d.ex=pending'] })
    expect(place.blocks()[0]).toContain(`X-Queue-Uid: ${ANN}\r\n`)
    expect(storedIn(place.queueDir, 'new')[0]?.bytes.toString()).toBe('Subject: s\r\n\r\nbody\r\n')
    expect(place.dropped()).toEqual([])
    expect(place.events.map(([event]) => event)).toEqual(['intake.taken', 'message.queued'])
  })

  it('that the disk has damaged after it was copied is for the run to find, which keeps it', async () => {
    const place = openPlace()
    mkdirSync(join(place.queueDir, 'new'))
    mkdirSync(join(place.queueDir, 'taken'))
    const name = `${messageName()}+0`
    writeFileSync(join(place.queueDir, 'taken', name), 'no message', { mode: 0o600 })
    expect(await place.takeOver()).toMatchObject({ taken: 0, refused: 0, problem: undefined })
    expect(readdirSync(join(place.queueDir, 'taken'))).toEqual([])
    const store = new MaildirQueue(place.queueDir)
    const report = await runQueueOnce(store, new MemoryTransport(), place.parts().context, { connections: 1 })
    expect(report.quarantined).toBe(1)
    const [kept = '', reason] = readdirSync(join(place.queueDir, 'corrupt')).toSorted()
    expect(readFileSync(join(place.queueDir, 'corrupt', kept), 'utf8')).toBe('no message')
    expect(reason).toBe(`${kept}.reason`)
    expect(readdirSync(join(place.queueDir, 'new'))).toEqual([])
  })

  it('is taken over by the intake of a daemon, too', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex'))
    const { config, context } = place.parts()
    const intake = dropIntake(config, context)
    expect(intake?.path).toBe(place.drop)
    await intake?.takeOver(AbortSignal.abort())
    expect(place.dropped()).toHaveLength(1)
    await intake?.takeOver(new AbortController().signal)
    expect(queueContents(place.queueDir)).toEqual({ new: ['one@d.ex=pending'] })
  })

  it('is said to stay once, however often its owner has a daemon look at it', async () => {
    const place = openPlace()
    const path = place.put(messageName(), droppedText('one@d.ex', { body: 'text\r\n'.repeat(1_000_000) }))
    const { config, context } = place.parts()
    const intake = dropIntake(config, context)
    for (let look = 0; look < 3; look += 1) {
      const looking = { going: true }
      const change = (): void => {
        if (!looking.going) return
        chmodSync(path, 0o640)
        setImmediate(change)
      }
      change()
      await intake?.takeOver(new AbortController().signal)
      looking.going = false
    }
    expect(place.events.map(([event]) => event)).toEqual(['intake.left'])
    expect(place.dropped()).toHaveLength(1)
    expect(queueContents(place.queueDir)).toEqual({})
  })

  it('is there once, however many take over at the same time', async () => {
    const place = openPlace()
    for (let count = 0; count < 30; count += 1) place.put(messageName(), droppedText(`r${count}@d.ex`))
    await Promise.all([place.takeOver(), place.takeOver(), place.takeOver()])
    await place.takeOver()
    const expected = Array.from({ length: 30 }, (_, count) => `r${count}@d.ex=pending`).toSorted()
    expect(queueContents(place.queueDir)).toEqual({ new: expected })
    expect(readdirSync(join(place.queueDir, 'taken'))).toEqual([])
    expect(place.dropped()).toEqual([])
  })

  it('is split by the accounts that fit its owner', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex,two@w.ex'))
    const accounts = { work: { host: 'w.example', match_recipient: '*@w.ex', match_uid: ANN_NAME } }
    await place.takeOver({ accounts })
    expect(queueContents(place.queueDir)).toEqual({ new: ['one@d.ex=pending', 'two@w.ex=pending'] })
    expect(place.blocks().map((block) => /X-Queue-Account: (\w+)/.exec(block)?.[1])).toEqual([
      undefined,
      'work',
    ])
  })

  it('keeps a later start, and is never more urgent than other mail', async () => {
    const place = openPlace()
    place.put(messageName(',P=0,B=4000000000'), droppedText('one@d.ex'))
    place.put(messageName(',P=7'), droppedText('two@d.ex'))
    await place.takeOver()
    const fields = readdirSync(join(place.queueDir, 'new')).map((name) => name.replace(/^[^,]*,N=\d{10}/, ''))
    expect(fields.toSorted()).toEqual([',P=5,B=4000000000', ',P=7'])
  })

  it('has only the metadata that a user may set', async () => {
    const place = openPlace()
    const forged = [
      'X-Queue-Date: Mon, 01 Jan 1990 00:00:00 +0000',
      'X-Retries: 99',
      'X-Last-Attempt: Mon, 01 Jan 1990 00:00:00 +0000',
      'X-Queue-Expires: Fri, 01 Jan 2100 00:00:00 +0000',
      'X-Queue-Uid: 0',
      'X-Queue-Batch: b1',
      'X-Queue-Evil: yes',
      'X-Queue-Dsn: RET=HDRS ENVID=a+0D+0Ab',
    ]
    place.put(messageName(), droppedText('one@d.ex', { fields: forged }))
    await place.takeOver()
    const [block = ''] = place.blocks()
    expect(block).not.toMatch(/1990|Retries|Last-Attempt|2100|Evil|Uid: 0|ENVID/)
    expect(block).toMatch(
      /X-Queue-Expires: .*\r\nX-Queue-Batch: b1\r\nX-Queue-Dsn: RET=HDRS\r\nX-Queue-Uid: 65534\r\n/,
    )
  })

  it('gets line ends that no server can take for the end of the message', async () => {
    const place = openPlace()
    const body = 'a\n.\nMAIL FROM:<x@x.ex>\r.\r\nb\0c\n'
    place.put(messageName(), droppedText('one@d.ex', { body }))
    await place.takeOver()
    const bytes = storedIn(place.queueDir, 'new')[0]?.bytes.toString('latin1') ?? ''
    expect(bytes).toContain('a\r\n.\r\nMAIL FROM')
    expect(bytes.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
  })
})

describe.runIf(isRoot)('a refused message', () => {
  const refusals = [
    { what: 'names a server', fields: ['X-Queue-Smtp: 10.0.0.1:25'], words: 'names a server of its own' },
    { what: 'names the account of another user', fields: ['X-Queue-Account: theirs'], words: 'match_uid' },
    {
      what: 'names an account that is not there',
      fields: ['X-Queue-Account: none'],
      words: 'is not configured',
    },
    { what: 'has a sender that is not its own', sender: 'boss@h.example', words: 'sender_login' },
    { what: 'has a recipient that is no address', to: 'a b@d.ex', words: 'cannot' },
  ]
  it.each(refusals)('is returned to its owner when it $what', async ({ fields = [], sender, to, words }) => {
    const place = openPlace()
    const text = droppedText(to ?? 'one@d.ex', { fields, sender: sender ?? `${ANN_NAME}@h.example` })
    place.put(messageName(), text)
    const accounts = { theirs: { host: 'w.example', match_uid: String(BOB) } }
    expect(await place.takeOver({ accounts, sender_login: 'own' })).toMatchObject({ taken: 0, refused: 1 })
    expect(queueContents(place.queueDir)).toEqual({ new: [`${ANN_NAME}@h.example=pending`] })
    expect(place.blocks()[0]).toMatch(/^Return-path: <>\r\n/)
    const report = storedIn(place.queueDir, 'new')[0]?.bytes.toString() ?? ''
    expect(report.replaceAll(/=?\r\n\s*/g, ' ')).toContain(words)
    expect(place.dropped()).toEqual([])
    expect(place.events.map(([event]) => event)).toEqual(['intake.refused'])
  })

  it('is returned when it is too large, which is seen without reading it', async () => {
    const place = openPlace()
    const path = place.put(messageName(), droppedText('one@d.ex'))
    // sparse: a terabyte that costs nothing
    truncateSync(path, 2 ** 40)
    expect(await place.takeOver()).toMatchObject({ refused: 1 })
    expect(queueContents(place.queueDir)).toEqual({ new: [`${ANN_NAME}@h.example=pending`] })
    expect(place.dropped()).toEqual([])
  })

  it('is returned when it is no message at all, however its block ends', async () => {
    const place = openPlace()
    for (const text of ['', 'garbage', 'Return-path: <a@s.ex>\r\n'.repeat(100_000), Buffer.alloc(2 ** 21)]) {
      place.put(messageName(), text)
    }
    expect(await place.takeOver()).toMatchObject({ taken: 0, refused: 4, problem: undefined })
    expect(queueContents(place.queueDir)['new']).toHaveLength(4)
    expect(place.dropped()).toEqual([])
  })

  it('of a user without a name is returned to the postmaster', async () => {
    const place = openPlace()
    place.put(messageName(), 'garbage', 61_234)
    await place.takeOver({ postmaster: 'pm@h.example' })
    expect(queueContents(place.queueDir)).toEqual({ new: ['pm@h.example=pending'] })
  })
})

describe.runIf(isRoot)('a sender rule', () => {
  it('of own lets a user be himself, with a tag or as nobody at all', async () => {
    const place = openPlace()
    for (const sender of [`${ANN_NAME}@h.example`, `${ANN_NAME}+x@H.example`, '', ANN_NAME])
      place.put(messageName(), droppedText('one@d.ex', { sender }))
    expect(await place.takeOver({ sender_login: 'own' })).toMatchObject({ taken: 4, refused: 0 })
  })

  it('of own lets nobody be another user whose name looks like his own with a tag', () => {
    const config = configFromSettings({
      sender_login: 'own',
      recipient_delimiter: '-',
      qualify_domain: 'h.example',
    })
    const rule = senderRule(config, ['ann', 'ann-marie', 'marie'])
    const by = (user: string, local: string): boolean =>
      rule({ uid: 1000, user }, `${local}@h.example`) === undefined
    for (const local of ['ann', 'ann-news', 'ann-mar']) expect(by('ann', local)).toBe(true)
    for (const local of ['ann-marie', 'Ann-Marie-news', 'marie']) expect(by('ann', local)).toBe(false)
    expect(by('ann-marie', 'ann-marie-news')).toBe(true)
  })

  it('of a file lets users have what their lines say, and nothing else', async () => {
    const place = openPlace()
    const rules = join(place.directory, 'rules')
    writeFileSync(
      rules,
      `# who: what\n${ANN_NAME}: *@team.example, own\n${BOB}: boss@h.example # by number\n*: <>\n`,
    )
    const put = (sender: string, uid: number) =>
      place.put(messageName(), droppedText('one@d.ex', { sender }), uid)
    for (const sender of ['x@team.example', `${ANN_NAME}@h.example`, '']) put(sender, ANN)
    put('boss@h.example', BOB)
    expect(await place.takeOver({ sender_login: rules })).toMatchObject({ taken: 4, refused: 0 })
    put('boss@h.example', ANN)
    put('daemon@h.example', BOB)
    expect(await place.takeOver({ sender_login: rules })).toMatchObject({ taken: 0, refused: 2 })
  })

  it.each(['no rule here', 'ann:'])('that cannot be read keeps all mail where it is: %s', async (line) => {
    const place = openPlace()
    const rules = join(place.directory, 'rules')
    writeFileSync(rules, `${line}\n`)
    place.put(messageName(), droppedText('one@d.ex'))
    const { problem } = await place.takeOver({ sender_login: rules })
    expect(problem?.publicMessage).toContain(`${rules}:1`)
    expect(place.dropped()).toHaveLength(1)
    expect(queueContents(place.queueDir)).toEqual({})
  })

  it('does not ask what an account forces', async () => {
    const place = openPlace()
    place.put(messageName(), droppedText('one@d.ex', { sender: 'boss@h.example' }))
    await place.takeOver({ sender_login: 'own', from: 'robot@h.example', force_from: true })
    expect(place.blocks()[0]).toMatch(/^Return-path: <robot@h\.example>/)
  })
})

describe.runIf(isRoot)('a user with many files', () => {
  it('makes another one wait for a single message', async () => {
    const place = openPlace()
    for (let count = 0; count < 400; count += 1) place.put(messageName(), droppedText(`many${count}@d.ex`))
    place.put(messageName(), droppedText('other@d.ex'), BOB)
    expect(await place.takeOver()).toMatchObject({ taken: 401 })
    const order = place.events
      .filter(([event]) => event === 'intake.taken')
      .map(([, fields]) => fields?.['uid'])
    expect(order.indexOf(BOB)).toBeLessThan(2)
    expect(queueContents(place.queueDir)['new']).toHaveLength(401)
    expect(place.dropped()).toEqual([])
  })

  it('makes nobody wait for all of them where each has thousands of recipients', async () => {
    const place = openPlace()
    const crowd = Array.from({ length: 17_000 }, (_, at) => `u${at}@d.ex`).join(',')
    for (let count = 0; count < 3; count += 1) place.put(messageName(), droppedText(crowd))
    place.put(messageName(), droppedText('other@d.ex'), BOB)
    const firstRound = new AbortController()
    const parts = place.parts()
    const info = (event: string): void => {
      if (event === 'intake.taken') firstRound.abort()
    }
    const context = { ...parts.context, log: { ...parts.context.log, info } }
    await takeOverDrops({ ...parts, context, signal: firstRound.signal })
    const left = place.dropped().filter((name) => lstatSync(join(place.drop, name)).uid === ANN)
    expect(left).toHaveLength(2)
    await place.takeOver()
    expect(readdirSync(join(place.queueDir, 'new'))).toHaveLength(4)
    expect(place.dropped()).toEqual([])
  })

  it('has the rest of them wait once an hour is used up', async () => {
    const place = openPlace()
    for (let count = 0; count < 5; count += 1) place.put(messageName(), droppedText('one@d.ex'))
    place.put(messageName(), droppedText('other@d.ex'), BOB)
    const limit = { submit_max_messages: 3 }
    expect(await place.takeOver(limit)).toMatchObject({ taken: 4 })
    expect(await place.takeOver(limit)).toMatchObject({ taken: 0 })
    expect(place.dropped()).toHaveLength(2)
    place.later(HOUR)
    expect(await place.takeOver(limit)).toMatchObject({ taken: 2 })
    expect(place.dropped()).toEqual([])
  })
})
