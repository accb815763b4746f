/**
 * The argument lists of programs that call mail(1), word for word. The programs that can be had run for real in
 * .ci/interop.sh; here are the lists of all others, and those of some that are run in another branch there.
 */
import { describe } from 'vitest'
import { testCases, type MailCase } from './mail-cases/case.ts'

const ADMIN = 'admin@h.example'
const REPORT = 'Überblick: 3 Meldungen\n.\nTo: nobody@x.org\n~! touch p\n'

/** A caller; what it writes arrives as text, whatever is in it. */
const row = (caller: string, args: readonly string[], rest: Omit<MailCase, 'name' | 'args'>): MailCase => ({
  name: `serves ${caller}`,
  args,
  stdin: REPORT,
  text: REPORT,
  ...rest,
})

const toRoot = { recipients: [ADMIN], to: [ADMIN] }
const fromRoot = { sender: ADMIN, from: ADMIN }

const UPDATERS = [
  row('dnf-automatic', ['-Ssendwait', '-s', "Updates applied on 'h'.", '-r', 'root', 'root'], {
    ...toRoot,
    ...fromRoot,
    subject: "Updates applied on 'h'.",
  }),
  row(
    'dnf-automatic with two addresses',
    ['-Ssendwait', '-s', 'Updates', '-r', 'f@x.org', 'a@x.org', 'b@x.org'],
    {
      sender: 'f@x.org',
      recipients: ['a@x.org', 'b@x.org'],
      subject: 'Updates',
    },
  ),
  row('dnf5-automatic', ['-Ssendwait', '-s', 'Updates available', '-r', 'root', 'root'], {
    ...toRoot,
    ...fromRoot,
    subject: 'Updates available',
  }),
]

const MONITORS = [
  row(
    'the other mail actions of fail2ban',
    ['-E', 'set escape', '-s', '[Fail2Ban] sshd: started on h', 'root'],
    {
      ...toRoot,
      subject: '[Fail2Ban] sshd: started on h',
    },
  ),
  row(
    'icinga2 outside Debian',
    ['-r', 'icinga@x.org', '-s', '[PROBLEM] Ping on gw is CRITICAL!', 'a@x.org'],
    {
      sender: 'icinga@x.org',
      from: 'icinga@x.org',
      subject: '[PROBLEM] Ping on gw is CRITICAL!',
    },
  ),
  row('Naemon', ['-Ssendwait', '-s', '** PROBLEM Host Alert: gw is DOWN **', 'a@x.org'], {
    subject: '** PROBLEM Host Alert: gw is DOWN **',
  }),
  row('ZED', ['-s', 'ZFS scrub_finish event for tank on nas', 'root', 'a@x.org'], {
    recipients: ['a@x.org', ADMIN],
    subject: 'ZFS scrub_finish event for tank on nas',
  }),
  row('ZED with options last', ['-s', 'ZFS event', 'a@x.org', '-r', 'z@x.org'], {
    sender: 'z@x.org',
    subject: 'ZFS event',
  }),
  row('ZED with a server of its own', ['-S', 'smtp=mail.x.org', '-s', 'ZFS event', 'a@x.org'], {
    subject: 'ZFS event',
  }),
  row('ZED 2.1, which splits its subject', ['-s', "'ZFS", 'event', 'on', "nas.home'", 'a@x.org'], {
    recipients: ['a@x.org', 'event@h.example', "nas.home'@h.example", 'on@h.example'],
    subject: "'ZFS",
  }),
  row(
    'aide by s-nail',
    [
      ...['-Smta=smtp://_aide@localhost', '-Ssmtp-auth=none', '-Sv15-compat'],
      ...['-Sfrom=AIDE on h <root@h.example>', '-s', 'Daily AIDE report for h', 'root'],
    ],
    {
      ...toRoot,
      sender: 'root@h.example',
      from: 'AIDE on h <root@h.example>',
      subject: 'Daily AIDE report for h',
    },
  ),
  row('aide', ['-s', 'Daily AIDE report for h', 'root'], { ...toRoot, subject: 'Daily AIDE report for h' }),
  row('aideinit', ['-s', 'AIDE initialization problem', 'root'], {
    ...toRoot,
    subject: 'AIDE initialization problem',
  }),
  row('tiger', ['root'], {
    ...toRoot,
    stdin: 'From: root@h\nTo: root@h\nSubject: Tiger Auditing Report for h\n\nNEW: something\n',
    text: 'From: root@h\nTo: root@h\nSubject: Tiger Auditing Report for h\n\nNEW: something\n',
    subject: null,
  }),
  row('checksecurity', ['-s', 'Setuid changes on h', 'root'], { ...toRoot, subject: 'Setuid changes on h' }),
  row('maldet', ['-s', 'maldet alert from h', 'a@x.org,b@x.org'], {
    recipients: ['a@x.org', 'b@x.org'],
    subject: 'maldet alert from h',
  }),
  row('maldet for a panel', ['-r', 'f@x.org', '-s', 'maldet', 'alert', 'a@x.org'], {
    sender: 'f@x.org',
    recipients: ['a@x.org', 'alert@h.example'],
    subject: 'maldet',
  }),
  row('Xymon', ['-s', 'Xymon [12345] gw:conn CRITICAL (RED)', 'a@x.org'], {
    subject: 'Xymon [12345] gw:conn CRITICAL (RED)',
  }),
  row('Munin', ['-s', 'Munin CRITICAL: g::gw::Disk usage', 'a@x.org'], {
    subject: 'Munin CRITICAL: g::gw::Disk usage',
  }),
]

const VAULTWARDEN = [
  ...['-s', 'vault', '-S', 'smtp-use-starttls', '-S', 'smtp=smtp://mail.x.org:587'],
  ...['-S', 'smtp-auth=login', '-S', 'smtp-auth-user=u', '-S', 'smtp-auth-password=secret'],
  ...['-S', 'from=v@x.org', '-S', 'ssl-verify=ignore'],
]

const BACKUPS = [
  row('amanda', ['-s', 'Daily AMANDA MAIL REPORT FOR January 1, 2026', 'a@x.org', 'root'], {
    recipients: ['a@x.org', ADMIN],
    subject: 'Daily AMANDA MAIL REPORT FOR January 1, 2026',
  }),
  row('bacula', ['-a', 'X-Bacula: Tape-Notifier on h', '-s', 'Tape', '-b', 'b@x.org', 'a@x.org'], {
    recipients: ['a@x.org', 'b@x.org'],
    lines: ['X-Bacula: Tape-Notifier on h', 'Subject: Tape'],
    nowhere: /b@x/,
  }),
  row('rsnapshot samples', ['-srsnapshot on h', 'a@x.org'], { subject: 'rsnapshot on h' }),
  row(
    'snapraid-aio-script',
    ['-a', 'Content-Type: text/html; charset=UTF-8', '-s', 'S', '-r', 'f@x.org', 'a@x.org'],
    {
      sender: 'f@x.org',
      stdin: '<p>grün</p>\n',
      text: /./,
      html: '<p>grün</p>\n',
      type: 'text/html',
      subject: 'S',
    },
  ),
  row('duplicity-backup by bsd-mailx', ['-s', 'S', '-a', 'From: f@x.org', 'a@x.org'], {
    sender: 'f@x.org',
    from: 'f@x.org',
  }),
  row('duplicity-backup by heirloom-mailx', ['-s', 'S', '-S', 'from=f@x.org', 'a@x.org'], {
    sender: 'f@x.org',
    from: 'f@x.org',
  }),
  row('duplicity-backup by s-nail', ['-s', 'S', '-r', 'f@x.org', 'a@x.org'], {
    sender: 'f@x.org',
    from: 'f@x.org',
  }),
  row('vaultwarden-backup', [...VAULTWARDEN, 'a@x.org'], {
    sender: 'v@x.org',
    subject: 'vault',
    nowhere: /secret/,
  }),
  row('vaultwarden-backup with -v', ['-v', ...VAULTWARDEN, 'a@x.org'], {
    sender: 'v@x.org',
    subject: 'vault',
    nowhere: /secret/,
    stderr: new RegExp(
      [
        '^(?![^]*secret)',
        ...[
          'smtp-use-starttls',
          'smtp',
          'smtp-auth',
          'smtp-auth-user',
          'smtp-auth-password',
          'ssl-verify',
        ].map(
          (name) =>
            `mq-mail: the variable ${name} has no effect: mail goes to the smarthost of the configuration\n`,
        ),
        '(?:mq-mail: [SC]: [^\n]*\n)+mq-mail: sent to a@x\\.org\n(?:mq-mail: [SC]: [^\n]*\n)*$',
      ].join(''),
    ),
  }),
]

const OTHERS = [
  row('OpenMediaVault', ['-E', '-s', 'Cron - job', '-a', 'From: Cron Daemon <root>', 'root'], {
    ...toRoot,
    sender: ADMIN,
    from: /^Cron Daemon </,
    subject: 'Cron - job',
  }),
  row('cylc', ['-s', 'S', '-r', 'n@x.org', 'u1@x.org, u2@x.org'], {
    sender: 'n@x.org',
    recipients: ['u1@x.org', 'u2@x.org'],
  }),
  row('LinuxGSM', ['-s', 'Alert - server', '-a', 'From: g@x.org', 'a@x.org'], {
    sender: 'g@x.org',
    from: 'g@x.org',
    subject: 'Alert - server',
  }),
]

const attaching = (caller: string, option: string): MailCase =>
  row(caller, ['-s', 'S', option, 'DIR/scan.log', 'a@x.org'], {
    files: { 'scan.log': 'found nothing\n' },
    type: 'multipart/mixed',
    attachments: [{ name: 'scan.log', type: 'text/plain', content: Buffer.from('found nothing\n') }],
  })

const ATTACHING = [
  attaching('clamav-daily', '-a'),
  attaching('clamav-daily for mailutils', '-A'),
  attaching('cups-email', '-a'),
  attaching('IKEv2-setup', '-A'),
]

describe('mq-mail', () => {
  testCases([...UPDATERS, ...MONITORS, ...BACKUPS, ...OTHERS, ...ATTACHING])
})
