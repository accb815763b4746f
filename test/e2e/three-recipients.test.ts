/**
 * One message to three: one is accepted, one refused, one deferred. Who has it gets exactly one copy, who is refused
 * is bounced once, who is deferred gets it with the next due run, and `mq-queue list --json` says so at each step.
 */
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'

interface Listed {
  readonly sender: string
  readonly status: string
  readonly attempts: number
  readonly recipients: readonly { readonly address: string; readonly status: string }[]
}

/** Each message in the queue as the listing in JSON has it: its state, its sender and its recipients. */
async function listed(site: MailSite): Promise<string[]> {
  const { code, stdout, stderr } = await site.run('mq-queue', ['list', '--all', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { status, sender, attempts, recipients } = JSON.parse(line) as Listed
      const states = recipients.map(({ address, status: each }) => `${address}=${each}`)
      return [status, sender, attempts, ...states].join(' ')
    })
    .sort()
}

describe('a message to three recipients', () => {
  it('is delivered, bounced and tried again, each once, and the listing says so at each step', async () => {
    let patient = false
    const site = await openSite(
      { bounce: 'dsn', retry: '1s' },
      {
        rcpt: ({ address }) => {
          if (address === 'no@d.ex') return '550 5.1.1 no such user'
          return address === 'later@d.ex' && !patient ? '451 4.7.1 greylisted' : undefined
        },
      },
    )
    const send = ['-f', 'a@s.ex', 'yes@d.ex', 'no@d.ex', 'later@d.ex']
    await site.run('mq-sendmail', ['-odq', ...send], { stdin: M0 })
    expect(await listed(site)).toEqual([
      'waiting a@s.ex 0 yes@d.ex=pending no@d.ex=pending later@d.ex=pending',
    ])

    expect((await site.run('mq-run', [])).code).toBe(75)
    const rest = 'waiting a@s.ex 1 yes@d.ex=delivered no@d.ex=failed later@d.ex=deferred'
    expect(await listed(site)).toEqual(['waiting MAILER-DAEMON 0 a@s.ex=pending', rest])

    // The report is due; the message is not before its wait is over, so everything is tried to be sure.
    patient = true
    expect((await site.run('mq-run', ['--all'])).code).toBe(69)
    expect(await listed(site)).toEqual([
      'failed a@s.ex 1 yes@d.ex=delivered no@d.ex=failed later@d.ex=delivered',
    ])
    expect((await site.run('mq-run', ['--all'])).code).toBe(0)

    expect(site.received.map(({ mailFrom, rcptTo }) => `${mailFrom}:${rcptTo.join()}`).sort()).toEqual([
      ':a@s.ex',
      'a@s.ex:later@d.ex',
      'a@s.ex:yes@d.ex',
    ])
    const report = await simpleParser(site.received.find(({ mailFrom }) => mailFrom === '')?.data ?? '')
    expect(report.headers.get('content-type')).toMatchObject({
      value: 'multipart/report',
      params: { 'report-type': 'delivery-status' },
    })
    expect(report.headers.get('auto-submitted')).toBe('auto-replied')
    // mailparser shows the part for programs as text, and the header of the original as an attachment.
    expect(report.text).toMatch(/^Final-Recipient: rfc822; ?no@d\.ex\nAction: failed\nStatus: 5\.1\.1$/m)
    expect(report.text).toMatch(/^Diagnostic-Code: smtp; 550 5\.1\.1 no such user$/m)
    expect(report.attachments.map(({ contentType }) => contentType)).toEqual(['text/rfc822-headers'])
    expect(queueContents(site.queueDir)).toEqual({
      failed: ['yes@d.ex=delivered no@d.ex=failed later@d.ex=delivered'],
    })
  })
})
