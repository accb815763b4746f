/**
 * mq-run --daemon with --listen and metrics_file: what monitoring programs see of it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { queueContents } from '../helpers/queue-dir.ts'
import { until } from '../helpers/until.ts'
import { openDaemonSite } from './daemon-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

interface Page {
  readonly status: number | undefined
  readonly text: string
}

function fetchPage(socketPath: string, path: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }),
      )
    }).on('error', reject)
  })
}

describe('mq-run --daemon --listen', () => {
  it('serves metrics, health and the queue, keeps the file, and goes on after SIGHUP', async () => {
    const site = await openDaemonSite({ metrics_file: 'mailqueue.prom' })
    const socket = join(site.directory, 'listen')
    const daemon = await site.daemon(['--listen', `unix:${socket}`])
    await site.enqueue('one@d.ex')
    await site.holds({})
    const metrics = await fetchPage(socket, '/metrics')
    expect(metrics.status).toBe(200)
    expect(metrics.text).toContain('mailqueue_recipients_total{account="default",outcome="delivered"} 1')
    const health = async (): Promise<unknown> => {
      const { status, text } = await fetchPage(socket, '/healthz')
      expect(status).toBe(200)
      return JSON.parse(text)
    }
    // The message is gone a moment before its sender is free.
    await until('it idles', async () => ((await health()) as { busy: number }).busy === 0)
    expect(await health()).toMatchObject({ status: 'ok', busy: 0 })
    expect(JSON.parse((await fetchPage(socket, '/queue')).text)).toMatchObject({ queue: site.queueDir })
    daemon.child.kill('SIGHUP')
    await site.logged('daemon.reloaded')
    await until('the socket is there again', () => existsSync(socket))
    expect((await fetchPage(socket, '/healthz')).status).toBe(200)
    daemon.child.kill('SIGTERM')
    expect(await daemon.result).toEqual(QUIET)
    expect(readFileSync(join(site.directory, 'mailqueue.prom'), 'utf8')).toContain('outcome="delivered"} 1')
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it.each([
    ['without --daemon', ['--listen', '9780'], '--listen is for a daemon; add --daemon'],
    ['at no address', ['--daemon', '--listen', 'x.example:1'], '--listen x.example:1: write PORT'],
  ])('is refused %s', async (_, args, words) => {
    const site = await openDaemonSite()
    const result = await site.run('mq-run', args)
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toContain(words)
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
