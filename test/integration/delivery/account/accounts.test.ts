/** Several accounts in a program: what it queues and runs goes over the account that it is for. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  enqueueMessage,
  mailqueueTransport,
  MaildirQueue,
  runQueue,
  type MailqueueInfo,
} from '../../../../src/index.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../../../helpers/scripted-server.ts'

const MESSAGE = 'Subject: s\r\n\r\nbody\r\n'

async function server(script: Script = {}): Promise<ScriptedServer> {
  const started = await startScriptedServer(script)
  onTestFinished(() => started.close())
  return started
}

function queueDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-accounts-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return join(directory, 'queue')
}

const taken = ({ transactions }: ScriptedServer): string[] => transactions.flatMap(({ rcptTo }) => rcptTo)

async function waiting(queueDir: string): Promise<string[]> {
  const queue = new MaildirQueue(queueDir)
  const found: string[] = []
  for await (const entry of queue.list(['new', 'cur', 'hold', 'failed'])) {
    const message = await queue.describe(entry)
    const states = message?.recipients.map(({ recipient, status }) => `${recipient}=${status}`) ?? []
    found.push(`${entry.account} ${states.join(' ')}`)
  }
  return found.toSorted()
}

describe('a run of a program', () => {
  it('sends each message over its account or to its server, and reports the accounts that it cannot use', async () => {
    const [usual, work, own] = [await server(), await server({ banner: '421 4.3.2 down' }), await server()]
    const queueDir = queueDirectory()
    const to = (recipients: string) => ({ sender: 's@x.ex', recipients })
    await enqueueMessage(MESSAGE, queueDir, to('usual@d.ex'))
    await enqueueMessage(MESSAGE, queueDir, { ...to('work@d.ex'), account: 'work' })
    await enqueueMessage(MESSAGE, queueDir, { ...to('gone@d.ex'), account: 'gone' })
    await enqueueMessage(MESSAGE, queueDir, {
      ...to('own@d.ex'),
      server: { host: 'localhost', port: own.port },
    })
    const report = await runQueue(queueDir, {
      host: '127.0.0.1',
      port: usual.port,
      accounts: { work: { port: work.port } },
    })
    expect([usual, work, own].map(taken)).toEqual([['usual@d.ex'], [], ['own@d.ex']])
    expect(report).toMatchObject({
      delivered: 2,
      deferred: 1,
      failed: 0,
      stopped: { scope: 'account', account: 'work' },
    })
    expect(report.accounts.map(({ account, missing }) => `${account} ${missing}`).toSorted()).toEqual([
      'gone true',
      'work false',
    ])
    expect(await waiting(queueDir)).toEqual(['gone gone@d.ex=deferred', 'work work@d.ex=pending'])
  })

  it('refuses names of accounts and servers that could not be read back; nothing is stored', async () => {
    const queueDir = queueDirectory()
    const to = { sender: 's@x.ex', recipients: 'a@d.ex' }
    await expect(enqueueMessage(MESSAGE, queueDir, { ...to, account: 'a b' })).rejects.toMatchObject({
      code: 'USAGE',
    })
    const bad = { host: 'h\r\nX-Queue-Account: w', port: 25 }
    await expect(enqueueMessage(MESSAGE, queueDir, { ...to, server: bad })).rejects.toMatchObject({
      code: 'USAGE',
    })
    expect(await waiting(queueDir)).toEqual([])
  })
})

describe('an account whose ledger is damaged', () => {
  it('stops nobody else, and nothing is counted', async () => {
    const [usual, work] = [await server(), await server()]
    const queueDir = queueDirectory()
    const to = (recipients: string) => ({ sender: 's@x.ex', recipients })
    const run = () =>
      runQueue(queueDir, {
        host: '127.0.0.1',
        port: usual.port,
        queue_dir: queueDir,
        limit_per_day: 10,
        accounts: { work: { port: work.port } },
      })
    await enqueueMessage(MESSAGE, queueDir, to('first@d.ex'))
    await run()
    const notes = join(queueDir, 'notes')
    const ledgers = readdirSync(notes).filter((name) => name.startsWith('ledger.limit.default.'))
    expect(ledgers).toHaveLength(1)
    for (const name of ledgers) {
      rmSync(join(notes, name))
      mkdirSync(join(notes, name))
    }
    await enqueueMessage(MESSAGE, queueDir, to('usual@d.ex'))
    await enqueueMessage(MESSAGE, queueDir, { ...to('work@d.ex'), account: 'work' })
    expect(await run()).toMatchObject({
      delivered: 1,
      deferred: 0,
      stopped: { scope: 'account', account: 'default' },
    })
    expect([usual, work].map(taken)).toEqual([['first@d.ex'], ['work@d.ex']])
    expect(await waiting(queueDir)).toEqual(['default usual@d.ex=pending'])
  })
})

describe('a transport for nodemailer', () => {
  it('splits a message by the accounts of its recipients, and queues what one of them cannot take', async () => {
    const [usual, work] = [await server(), await server({ banner: '421 4.3.2 down' })]
    const queueDir = queueDirectory()
    const transport = mailqueueTransport({
      host: '127.0.0.1',
      port: usual.port,
      queue_dir: queueDir,
      accounts: { work: { port: work.port, match_recipient: '@work.ex' } },
    })
    const message = {
      getEnvelope: () => ({ from: 's@x.ex', to: ['a@d.ex', 'b@work.ex'] }),
      createReadStream: () => Readable.from([Buffer.from(MESSAGE)]),
    }
    const info = await new Promise<MailqueueInfo>((resolve, reject) => {
      transport.send({ message }, (error, found) => (error === null ? resolve(found) : reject(error)))
    })
    transport.close()
    expect(info).toMatchObject({ accepted: ['a@d.ex', 'b@work.ex'], pending: ['b@work.ex'], rejected: [] })
    expect(taken(usual)).toEqual(['a@d.ex'])
    expect(await waiting(queueDir)).toEqual(['work b@work.ex=deferred'])
  })

  it('says what this site lacks to send what it queued, whichever account lacks it', async () => {
    const usual = await server()
    const queueDir = queueDirectory()
    const transport = mailqueueTransport({
      host: '127.0.0.1',
      port: usual.port,
      queue_dir: queueDir,
      accounts: {
        work: {
          match_recipient: '@work.ex',
          dkim_key: `${queueDir}.pem`,
          dkim_selector: 's',
          dkim_domain: 'x.ex',
        },
      },
    })
    const message = {
      getEnvelope: () => ({ from: 's@x.ex', to: ['a@d.ex', 'b@work.ex'] }),
      createReadStream: () => Readable.from([Buffer.from(`From: s@x.ex\r\n${MESSAGE}`)]),
    }
    const info = await new Promise<MailqueueInfo>((resolve, reject) => {
      transport.send({ message }, (error, found) => (error === null ? resolve(found) : reject(error)))
    })
    transport.close()
    expect(info).toMatchObject({ accepted: ['a@d.ex', 'b@work.ex'], pending: ['b@work.ex'] })
    expect(info.fault).toMatch(/^the DKIM key .* cannot be used: there is no such file; /)
    expect(await waiting(queueDir)).toEqual(['work b@work.ex=deferred'])
  })
})
