/**
 * Set-ups in which the site itself is broken: signature, queue, aliases and clock.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { MailSite, Settings } from '../helpers/mail-site.ts'
import type { Script } from '../helpers/scripted-server.ts'

/** A set-up that is broken, and what is to be said of it. */
export interface Broken {
  readonly title: string
  readonly settings?: () => Settings
  readonly script?: () => Script
  readonly args?: readonly string[]
  /** Breaks what settings cannot. */
  readonly prepare?: (site: MailSite) => Settings | Promise<Settings>
  readonly step: string
  readonly exit: number
  readonly why: RegExp
  readonly remedy: RegExp
}

const lastRun = (site: MailSite, run: object): Settings => {
  mkdirSync(join(site.queueDir, 'notes'), { recursive: true, mode: 0o700 })
  for (const folder of ['tmp', 'new', 'cur']) mkdirSync(join(site.queueDir, folder), { mode: 0o700 })
  site.write('queue/notes/last-run', `${JSON.stringify(run)}\n`)
  return {}
}

/** The rows. */
export const BROKEN_SITES: readonly Broken[] = [
  {
    title: 'a DKIM key that is not there',
    settings: () => ({ dkim_domain: 's.ex', dkim_selector: 'x', dkim_key: '/nonexistent/key' }),
    step: 'dkim',
    exit: 78,
    why: /\/nonexistent\/key: there is no such file/,
    remedy: /correct dkim_key/,
  },
  {
    title: 'a queue whose parent directory is not there',
    settings: () => ({ queue_dir: '/nonexistent/queue' }),
    step: 'queue',
    exit: 78,
    why: /\/nonexistent does not exist/,
    remedy: /create it or correct queue_dir/,
  },
  {
    title: 'a queue that is a file',
    prepare: (site) => {
      site.write('queue', '')
      return {}
    },
    step: 'queue',
    exit: 78,
    why: /is not a directory/,
    remedy: /check the path/,
  },
  {
    title: 'a queue that nobody runs any more',
    prepare: (site) => lastRun(site, { time: Date.now() - 86_400_000, delivered: 1, deferred: 0, failed: 0 }),
    step: 'last-run',
    exit: 78,
    why: /the last run ended 1d/,
    remedy: /run mq-run from cron/,
  },
  {
    title: 'a message that waits in a queue that was never run',
    prepare: (site) => {
      site.place('1700000000.M1P1Q1R0123456789ab.h', 'From: a@s.ex\n\nbody\n')
      return {}
    },
    step: 'last-run',
    exit: 78,
    why: /never run/,
    remedy: /run mq-run from cron/,
  },
  {
    title: 'an aliases file with a loop',
    prepare: (site) => {
      site.write('aliases', 'one: two\ntwo: one\n')
      return {}
    },
    step: 'aliases',
    exit: 78,
    why: /aliases:2: alias two: alias loop: one -> two -> one/,
    remedy: /newaliases/,
  },
  {
    title: 'an aliases file that is not there',
    settings: () => ({ aliases: '/nonexistent/aliases' }),
    step: 'aliases',
    exit: 78,
    why: /cannot read the aliases file/,
    remedy: /correct the path/,
  },
  {
    title: 'a clock that is years off, by the greeting of the server',
    script: () => ({ banner: '220 mx ESMTP Exim 4.96 Fri, 27 Nov 2009 06:20:41 +0000' }),
    step: 'clock',
    exit: 78,
    why: /greets with the time 2009-11-27T06:20:41\.000Z/,
    remedy: /set the clock/,
  },
]
