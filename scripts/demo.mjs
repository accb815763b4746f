/**
 * Shows the main job on this machine alone: a mail is sent, the mail server goes away, mail is accepted and queued
 * all the same, the server comes back, the queue is delivered. It runs the real commands of bin/ against an SMTP
 * server inside this process, prints every command line and what it says, and checks each step: the first one
 * that does not do what it should ends the demo with exit code 1. The temporary directory that holds
 * everything is removed at the end, also after a failure and after Ctrl-C.
 *
 *     npm run demo
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SMTPServer } from 'smtp-server'

const bin = fileURLToPath(new URL('../bin', import.meta.url))
/** Far more than any step takes; only there so that the demo always ends. */
const COMMAND_LIMIT = 15_000
const SENDER = 'anna@site.example'

const colours = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === ''
const bold = (text) => (colours ? `\x1b[1m${text}\x1b[0m` : text)
const indented = (text) => text.trimEnd().replace(/^(?=.)/gm, '    ')

/** A step that did not do what it should. */
class StepFailed extends Error {}

function check(condition, sentence) {
  if (!condition) throw new StepFailed(sentence)
}

function say(text) {
  console.log(`\n${bold(`== ${text}`)}`)
}

/** A mail server that keeps what it is given. */
class MailServer {
  /** What arrived, in order: `{ sender, recipients, text }`. */
  mails = []
  port = 0
  #server

  /**
   * Listens on a free port, and on the same one when it is started again: one below those that the system gives to whoever
   * asks for any, as somebody else could have it meanwhile.
   */
  async start() {
    if (this.port !== 0) return this.#listen(this.port)
    for (;;) {
      const port = 10_000 + Math.floor(Math.random() * 20_000)
      try {
        return await this.#listen(port)
      } catch (error) {
        if (error.code !== 'EADDRINUSE') throw error
      }
    }
  }

  async #listen(port) {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      onData: (stream, { envelope }, done) => this.#receive(stream, envelope, done),
    })
    await new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    server.on('error', (error) => console.error(`the mail server of the demo: ${error.message}`))
    this.#server = server
    this.port = port
  }

  async stop() {
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  #receive(stream, { mailFrom, rcptTo }, done) {
    const chunks = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.once('error', done)
    stream.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      this.mails.push({ sender: mailFrom.address, recipients: rcptTo.map((each) => each.address), text })
      done(null, `OK: message ${this.mails.length} queued as DEMO${this.mails.length}`)
    })
  }
}

/** Runs the commands in one directory, one at a time, and prints them. */
class Shell {
  #directory
  #child
  #env
  #over = false

  constructor(directory) {
    this.#directory = directory
    const path = [bin, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
    this.#env = { ...process.env, PATH: path }
  }

  /**
   * Runs a command of bin/ with a file of the directory as its standard input, and checks that it exits 0.
   *
   * @returns what it wrote to standard output
   */
  async run(words, input) {
    const shown = words.map((word) => (/^[\w@./=-]+$/.test(word) ? word : `'${word}'`)).join(' ')
    console.log(bold(`$ ${shown}${input === undefined ? '' : ` < ${input}`}`))
    check(!this.#over, 'interrupted')
    const { code, stdout, stderr } = await this.#spawn(words, input)
    for (const text of [stdout, stderr]) if (text !== '') console.log(indented(text))
    check(code === 0, `${words[0]} ended with ${code} instead of 0`)
    if (stdout + stderr === '') console.log('    (says nothing: all is well)')
    return stdout
  }

  /** Asks the command that is running to end, and starts no other. */
  interrupt() {
    this.#over = true
    this.#child?.kill('SIGTERM')
  }

  #spawn([command, ...args], input) {
    const fd = input === undefined ? 'ignore' : openSync(join(this.#directory, input))
    const options = {
      cwd: this.#directory,
      env: this.#env,
      stdio: [fd, 'pipe', 'pipe'],
      timeout: COMMAND_LIMIT,
      killSignal: 'SIGKILL',
    }
    return new Promise((resolve, reject) => {
      const child = spawn(join(bin, command), args, options)
      if (input !== undefined) closeSync(fd)
      this.#child = child
      const output = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
      }
      child.once('error', (error) => reject(new StepFailed(`cannot run ${command}: ${error.message}`)))
      child.once('close', (code, signal) => resolve({ code: code ?? signal, ...output }))
    })
  }
}

const mail = (subject, text) => `From: Anna <${SENDER}>\nSubject: ${subject}\n\n${text}\n`

function writeFiles(directory, port) {
  const files = {
    'mailqueue.conf': `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${port}\nqueue_dir = queue\n`,
    'first.eml': mail('First', 'The server is there, so this goes out at once.'),
    'second.eml': mail('Second', 'The server is away, so this waits in the queue.'),
    'third.txt': 'Grüße: this one was written with mq-mail.\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  console.log(indented(files['mailqueue.conf']))
}

function printMails(mails) {
  for (const { sender, recipients, text } of mails) {
    console.log(`    MAIL FROM:<${sender}> RCPT TO:<${recipients.join('> <')}>`)
    console.log(`${indented(indented(text.replace(/\r\n/g, '\n')))}\n`)
  }
}

async function show(directory, server, shell) {
  const config = ['-C', 'mailqueue.conf']
  await server.start()
  say(`A mail server runs on 127.0.0.1, port ${server.port}. This is mailqueue.conf:`)
  writeFiles(directory, server.port)

  say('1. The server is up: mail is sent at once')
  await shell.run(['mq-sendmail', ...config, '-f', SENDER, 'berta@remote.example'], 'first.eml')
  check(server.mails.length === 1, 'the first mail did not arrive at the server')

  await server.stop()
  say('2. The server is down: mail is accepted and kept in the queue')
  await shell.run(['mq-sendmail', ...config, '-v', '-f', SENDER, 'berta@remote.example'], 'second.eml')
  const third = ['-s', 'Third', '-r', SENDER, 'carla@remote.example', 'dora@remote.example']
  await shell.run(['mq-mail', ...config, '-v', ...third], 'third.txt')
  const waiting = await shell.run(['mq-sendmail', ...config, '-bp'])
  check(waiting.includes('in 2 Requests.'), 'the queue does not hold the two mails')
  check(server.mails.length === 1, 'a mail arrived although the server was down')

  await server.start()
  say('3. The server is back: mq-run, as cron would start it, delivers the queue')
  await shell.run(['mq-run', ...config])
  const left = await shell.run(['mq-sendmail', ...config, '-bp'])
  check(left.includes('Mail queue is empty'), 'the queue is not empty after mq-run')
  checkArrived(server.mails)

  say(`${server.mails.length} mails arrived, each once:`)
  printMails(server.mails)
}

function checkArrived(mails) {
  const arrived = mails.map(({ recipients, text }) => {
    const subject = /^Subject: (.*?)\r$/m.exec(text)?.[1]
    return `${subject} for ${recipients.join(', ')}`
  })
  const expected = [
    'First for berta@remote.example',
    'Second for berta@remote.example',
    'Third for carla@remote.example, dora@remote.example',
  ]
  const found = arrived.toSorted().join('; ')
  check(found === expected.join('; '), `this arrived: ${found}; this should have: ${expected.join('; ')}`)
  const complete = mails.every(({ text }) => /^Date: /m.test(text) && /^Message-ID: </m.test(text))
  check(complete, 'a mail arrived without Date or Message-ID')
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-demo-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const server = new MailServer()
  const shell = new Shell(directory)
  const interrupted = new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => reject(new StepFailed(`ended by ${signal}`)))
    }
  })
  const demo = show(directory, server, shell)
  try {
    await Promise.race([demo, interrupted])
    say('Done. Everything did what it should, and nothing is left behind.')
    return 0
  } catch (error) {
    shell.interrupt()
    await demo.catch(() => undefined)
    console.error(
      `${basename(import.meta.filename)}: ${error instanceof StepFailed ? error.message : error.stack}`,
    )
    return 1
  } finally {
    await server.stop()
  }
}

process.exit(await main())
