/** Who is told what about a message, and that telling always ends. */
import { describe, expect, it } from 'vitest'
import {
  owedReports,
  type OwedReport,
  type RecipientReportState,
  type ReportableMessage,
  type ReportSettings,
} from '../../../../src/delivery/report/policy.ts'
import type { Notify } from '../../../../src/message/envelope.ts'
import type { RecipientStatus } from '../../../../src/queue/journal/recipient-state.ts'
import { seeded } from '../../message/seeded.ts'

const HOUR = 3_600_000
const SITE: ReportSettings = { bounce: 'dsn', postmaster: 'postmaster@h.ex', delayNotice: 4 * HOUR }

const state = (recipient: string, status: RecipientStatus, bounced = false) => ({
  recipient,
  status,
  bounced,
})

function message(changes: Partial<ReportableMessage> = {}): ReportableMessage {
  const recipients = [
    state('failed@d.ex', 'failed'),
    state('expired@d.ex', 'expired'),
    state('told@d.ex', 'failed', true),
    state('has@d.ex', 'delivered'),
    { ...state('taken@d.ex', 'delivered'), reportsTaken: true },
    state('known@d.ex', 'delivered', true),
    state('new@d.ex', 'pending'),
    state('later@d.ex', 'deferred'),
    state('doubt@d.ex', 'in-doubt'),
  ]
  return { sender: 'a@s.ex', recipients, age: 0, delayNoticeSent: false, ...changes }
}

const OLD = { age: 4 * HOUR }

/** The same with this asked for about each recipient. */
const asking = (asked: ReportableMessage, notify: readonly Notify[]): ReportableMessage => ({
  ...asked,
  recipients: asked.recipients.map((one) => ({ ...one, notify })),
})
const FAILED: OwedReport = {
  kind: 'failed',
  audience: 'sender',
  to: 'a@s.ex',
  recipients: ['failed@d.ex', 'expired@d.ex'],
}
const RELAYED: OwedReport = { kind: 'relayed', audience: 'sender', to: 'a@s.ex', recipients: ['has@d.ex'] }
const DELAYED: OwedReport = {
  kind: 'delayed',
  audience: 'sender',
  to: 'a@s.ex',
  recipients: ['new@d.ex', 'later@d.ex', 'doubt@d.ex'],
}

describe('what the sender is told', () => {
  it.each<[readonly Notify[] | undefined, readonly OwedReport[]]>([
    [undefined, [FAILED, DELAYED]],
    [[], [FAILED, DELAYED]],
    [['never'], []],
    [['failure'], [FAILED]],
    [['delay'], [DELAYED]],
    [['success'], [RELAYED]],
    [
      ['delay', 'success', 'failure'],
      [FAILED, RELAYED, DELAYED],
    ],
    [['never', 'failure'], []],
  ])('when he asks for %j', (notify, owed) => {
    const asked = notify === undefined ? message(OLD) : asking(message(OLD), notify)
    expect(owedReports(asked, SITE)).toEqual(owed)
  })

  it('is about each recipient what he asks about this one', () => {
    const recipients: RecipientReportState[] = [
      { ...state('a@d.ex', 'failed'), notify: ['never'] },
      { ...state('b@d.ex', 'expired'), notify: ['success', 'failure'] },
      { ...state('c@d.ex', 'delivered'), notify: ['success'] },
      { ...state('d@d.ex', 'delivered'), notify: ['success'], reportsTaken: true },
      { ...state('e@d.ex', 'delivered'), notify: ['failure'] },
      { ...state('f@d.ex', 'deferred'), notify: ['failure'] },
      { ...state('g@d.ex', 'deferred'), notify: [] },
    ]
    expect(owedReports(message({ ...OLD, recipients }), SITE)).toEqual([
      { ...FAILED, recipients: ['b@d.ex'] },
      { ...RELAYED, recipients: ['c@d.ex'] },
      { ...DELAYED, recipients: ['g@d.ex'] },
    ])
  })

  it('is of a delay only once, at its age, and where the site does so', () => {
    expect(owedReports(message({ age: 4 * HOUR - 1 }), SITE)).toEqual([FAILED])
    expect(owedReports(message({ ...OLD, delayNoticeSent: true }), SITE)).toEqual([FAILED])
    expect(owedReports(asking(message(OLD), ['delay']), { bounce: 'dsn' })).toEqual([])
  })

  it('is nothing when everybody has the message, or all was told', () => {
    const recipients = [state('has@d.ex', 'delivered'), state('told@d.ex', 'expired', true)]
    expect(owedReports(message({ ...OLD, recipients }), SITE)).toEqual([])
  })

  it('is nothing where the site makes no reports', () => {
    const asked = asking(message(OLD), ['success', 'failure', 'delay'])
    expect(owedReports(asked, { ...SITE, bounce: 'none' })).toEqual([])
    expect(owedReports(message({ sender: '' }), { ...SITE, bounce: 'none' })).toEqual([])
  })
})

describe('a message with the null sender', () => {
  const failure: OwedReport = { ...FAILED, audience: 'postmaster', to: 'postmaster@h.ex' }

  it.each<readonly Notify[]>([[], ['never'], ['success', 'failure', 'delay']])(
    'has its failures told to the postmaster, and nothing else, whatever it asks for: %s',
    (...notify) => {
      expect(owedReports(asking(message({ ...OLD, sender: '' }), notify), SITE)).toEqual([failure])
    },
  )

  it('has nothing told where there is no postmaster', () => {
    expect(owedReports(message({ sender: '' }), { bounce: 'dsn' })).toEqual([])
    expect(owedReports(message({ sender: '' }), { bounce: 'dsn', postmaster: '' })).toEqual([])
  })

  it('has no failure of the postmaster told to the postmaster', () => {
    const recipients = [state('postmaster@H.EX', 'failed'), state('failed@d.ex', 'failed')]
    expect(owedReports(message({ sender: '', recipients }), SITE)).toEqual([
      { ...failure, recipients: ['failed@d.ex'] },
    ])
    expect(owedReports(message({ sender: '', recipients: recipients.slice(0, 1) }), SITE)).toEqual([])
  })
})

describe('chains of reports', () => {
  /** The message that a report is; everybody refuses it, and nobody knows of anything. */
  const asMessage = ({ to }: OwedReport, notify: readonly Notify[]): ReportableMessage =>
    message({ ...OLD, sender: '', recipients: [{ ...state(to, 'failed'), notify }] })

  function longestChain(start: ReportableMessage, settings: ReportSettings): number {
    const lengths = owedReports(start, settings).map(
      (report) => 1 + longestChain(asMessage(report, start.recipients[0]?.notify ?? []), settings),
    )
    return Math.max(0, ...lengths)
  }

  it('end after two, whoever is who and whatever fails', () => {
    const addresses = [
      '',
      'a@s.ex',
      'postmaster@h.ex',
      'Postmaster@h.ex',
      'postmaster@H.ex',
      '"a b"@h.ex',
    ] as const
    const statuses: [RecipientStatus, ...RecipientStatus[]] = [
      'failed',
      'expired',
      'delivered',
      'deferred',
      'pending',
      'in-doubt',
    ]
    const seen = new Set<number>()
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seeded(seed)
      const notify = (): Notify[] =>
        Array.from({ length: random.below(4) }, () =>
          random.pick<Notify>(['never', 'success', 'failure', 'delay']),
        )
      const recipients = Array.from({ length: 1 + random.below(4) }, () => ({
        ...state(random.pick(addresses), random.pick(statuses), random.below(4) === 0),
        notify: notify(),
      }))
      const start = message({
        sender: random.pick(addresses),
        recipients,
        age: random.below(8 * HOUR),
      })
      const postmaster = random.pick(addresses)
      const length = longestChain(start, {
        bounce: random.pick(['dsn', 'dsn', 'none']),
        postmaster,
        delayNotice: HOUR,
      })
      seen.add(length)
      expect(length, `seed ${seed}`).toBeLessThanOrEqual(2)
    }
    expect(seen).toEqual(new Set([0, 1, 2]))
  })

  it('are two long when a report to the sender fails', () => {
    expect(longestChain(message(), SITE)).toBe(2)
    expect(longestChain(message({ sender: 'postmaster@h.ex' }), SITE)).toBe(1)
    expect(longestChain(message(), { bounce: 'dsn' })).toBe(1)
  })
})
