/**
 * The argument lists of programs that call sendmail, word for word. The programs that can be had run for real in
 * .ci/interop.sh; here is every list, each with a message that has a Bcc field and a line with a dot alone.
 */
import { describe, expect, it } from 'vitest'
import { CALLER, openSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const HEADER = [
  'From: a@s.ex',
  'To: one@d.ex',
  'Date: Sat, 21 Nov 2026 20:12:00 +0000',
  'Message-ID: <m0@s.ex>',
  'Subject: s',
]
const lines = (...parts: readonly string[]): string => parts.map((line) => `${line}\r\n`).join('')
const BODY = { ends: ['before'], kept: ['before', '.', '..after'] }

const CRLF = lines(...HEADER, 'Bcc: two@d.ex', '', 'before', '.', '..after')
const LF = CRLF.replaceAll('\r\n', '\n')

const FROM_OPERANDS = ['one@d.ex']
const FROM_HEADER = ['one@d.ex', 'two@d.ex']

interface Row {
  readonly caller: string
  readonly args: readonly string[]
  readonly sender: string
  /** What a line with a dot alone is: the end of the message, or a line of it. */
  readonly dot: keyof typeof BODY
  readonly recipients: readonly string[]
  /** What the caller writes; {@link LF} when left out. */
  readonly stdin?: string
}

/** A caller whose recipients are operands. */
const named = (caller: string, line: string, sender: string, dot: Row['dot']): Row => ({
  caller,
  args: words(line),
  sender,
  dot,
  recipients: FROM_OPERANDS,
})

/** A caller whose recipients are in the header. */
const read = (caller: string, line: string, sender: string, dot: Row['dot'], stdin = LF): Row => ({
  caller,
  args: words(line),
  sender,
  dot,
  recipients: FROM_HEADER,
  stdin,
})

/** A pair of quotes is an empty argument. */
const words = (line: string): string[] => line.split(' ').map((word) => (word === "''" ? '' : word))

const SCHEDULERS = [
  named('cron of Debian', '-FCronDaemon -i -B8BITMIME -oem one@d.ex', CALLER, 'kept'),
  read('cronie', '-FCronDaemon -i -odi -oem -oi -t -f root', 'root@h.example', 'kept'),
  read('cronie before 1.5', '-FCronDaemon -odi -oem -oi -t', CALLER, 'kept'),
  named('cron of BSD', '-FCronDaemon -odi -oem -oi -or0s one@d.ex', CALLER, 'kept'),
  named('systemd-cron', '-i -B 8BITMIME one@d.ex', CALLER, 'kept'),
  named('anacron', '-FAnacron -odi one@d.ex', CALLER, 'ends'),
  named('atd', '-i one@d.ex', CALLER, 'kept'),
]

const MONITORS = [
  read('mdadm, sudo, logwatch and recipes for systemd', '-t', CALLER, 'ends'),
  read('unattended-upgrades', '-oi -t', CALLER, 'kept'),
  named('fail2ban', '-f fail2ban@s.ex one@d.ex', 'fail2ban@s.ex', 'ends'),
  named('Proxmox VE', '-B 8BITMIME -f a@s.ex one@d.ex', 'a@s.ex', 'ends'),
  read('netdata', '-t -f netdata -F netdata', 'netdata@h.example', 'ends'),
  read('reportbug', '-oi -oem -oem -t', CALLER, 'kept'),
]

const MAIL_PROGRAMS = [
  named('git send-email', '-f a@s.ex -i one@d.ex', 'a@s.ex', 'kept'),
  named(
    'mutt with delivery reports',
    '-oem -oi -B8BITMIME -f a@s.ex -N failure,delay -R hdrs -- one@d.ex',
    'a@s.ex',
    'kept',
  ),
  named('mutt', '-oem -oi -f a@s.ex -- one@d.ex', 'a@s.ex', 'kept'),
  named('s-nail', '-i -m -F Anna -f a@s.ex -- one@d.ex', 'a@s.ex', 'kept'),
  read('bsd-mailx', '-i -t -f a@s.ex -m', 'a@s.ex', 'kept'),
  read('mail of mailutils', '-oi -f a@s.ex -t', 'a@s.ex', 'kept'),
  read('Emacs', '-oi -f a@s.ex -oem -odb -t', 'a@s.ex', 'kept'),
  named('procmail', '-oi one@d.ex', CALLER, 'kept'),
  named('vacation', '-f anna -- one@d.ex', 'anna@h.example', 'ends'),
]

const LIBRARIES = [
  read('PHP before 8', '-t -i -fuser@s.ex', 'user@s.ex', 'kept'),
  read('PHP 8', '-t -i -fuser@s.ex', 'user@s.ex', 'kept', CRLF),
  read('PHPMailer', '-oi -fa@s.ex -t', 'a@s.ex', 'kept'),
  read('PHPMailer with the line of PHP', '-t -i -oi -fa@s.ex -t', 'a@s.ex', 'kept'),
  named('Symfony without -bs', '-i -fa@s.ex -- one@d.ex', 'a@s.ex', 'kept'),
  named('nodemailer', '-i -f a@s.ex one@d.ex', 'a@s.ex', 'kept'),
  named('mail for Ruby', '-i -f a@s.ex -- one@d.ex', 'a@s.ex', 'kept'),
  named('Email::Sender without a sender', "-i -f '' -- one@d.ex", '', 'kept'),
  read('MIME::Lite', '-t -oi -oem -fa@s.ex', 'a@s.ex', 'kept'),
  read('Mail::Mailer', '-t', CALLER, 'ends'),
  read('programs in Python', '-t -oi', CALLER, 'kept'),
]

const SERVICES = [
  read('Request Tracker', '-oi -t', CALLER, 'kept'),
  read('Request Tracker for a bounce', '-f <> -oi -t', '', 'kept'),
  read('Exim for a bounce', '-t -oem -oi -f <>', '', 'kept'),
  named('Gitea', '-f a@s.ex -i one@d.ex', 'a@s.ex', 'kept'),
  named('Gitea without a sender', '-f <> -i one@d.ex', '', 'kept'),
  named('Pigeonhole', '-i -f a@s.ex -- one@d.ex', 'a@s.ex', 'kept'),
  named('Majordomo and Sympa', '-oi -oee -f a@s.ex one@d.ex', 'a@s.ex', 'kept'),
]

/** No program writes these, but people do. */
const BY_HAND = [
  read('a cluster', '-tifb@s.ex', 'b@s.ex', 'kept'),
  named('-N, -R and -V', '-N never -R full -V id+20x one@d.ex', CALLER, 'ends'),
  named('everything at once', '-n -m -G -h 3 -L tag -U -x -e m -p ESMTP -Ac one@d.ex', CALLER, 'ends'),
  read(
    'long options of msmtp',
    '--read-recipients --from=a@s.ex --set-date-header --set-msgid-header',
    'a@s.ex',
    'ends',
  ),
]

const ROWS = [...SCHEDULERS, ...MONITORS, ...MAIL_PROGRAMS, ...LIBRARIES, ...SERVICES, ...BY_HAND]

describe('mq-sendmail', () => {
  it.each(ROWS)('serves $caller', async ({ args, sender, dot, recipients, stdin = LF }) => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', args, { stdin })).toEqual(QUIET)
    expect(
      site.received.map(({ mailFrom, rcptTo, data }) => ({ mailFrom, rcptTo, data: data.toString() })),
    ).toEqual([{ mailFrom: sender, rcptTo: recipients, data: lines(...HEADER, '', ...BODY[dot]) }])
    expect(site.queue()).toEqual([])
  })
})
