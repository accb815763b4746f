/**
 * Takes the newcomer's way: the block of the README that leads from a clone to a delivered mail, word for word. A copy of
 * this tree, in a directory whose name has blanks, is installed and built there, and the package goes into a prefix of its
 * own. The mail goes, as nobody, to a server on this machine that has the name smtp.gmail.com in a network of its own.
 * Ends with exit code 77, after saying why, where that cannot be done.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const HOST = 'smtp.gmail.com'
const ADDRESS = 'someuser@gmail.com'
const PASSWORD = 'app password'
const NOBODY = 65534

/** The commands of a block, one a line. */
function block(page, mark) {
  const [, text] =
    new RegExp(`^\`\`\`sh ${mark}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readFileSync(join(root, page), 'utf8')) ??
    []
  if (text === undefined) throw new Error(`${page} has no block of ${mark}`)
  return text.trimEnd().split('\n')
}

/** Ends what is done here, with an exit code. */
class Ending extends Error {
  constructor(code, why) {
    super(why)
    this.code = code
  }
}

function lacking(why) {
  throw new Ending(77, why)
}

/** Runs commands in a shell that ends at the first that fails. */
function shell(commands, cwd, env) {
  console.log(commands.map((line) => `$ ${line}`).join('\n'))
  const { status } = spawnSync('sh', ['-euc', commands.join('\n')], {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return status === 0
}

function copyTree(to) {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  const existing = names
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)))
  const tar = execFileSync('tar', ['-c', '--null', '-T', '-'], {
    cwd: root,
    input: existing.join('\0'),
    maxBuffer: 2 ** 28,
  })
  mkdirSync(to, { recursive: true })
  execFileSync('tar', ['-x', '-C', to], { input: tar })
}

function makeCertificate(work) {
  const files = { key: join(work, 'key.pem'), cert: join(work, 'cert.pem') }
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`, '-days', '2']
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    files.key,
    '-out',
    files.cert,
    ...subject,
  ]
  execFileSync('openssl', made, { stdio: 'ignore' })
  return files
}

// ---- in the network of its own ------------------------------------------------------------------------------------

/** A server with the name of the provider. Resolves to the mails that it gets. */
async function startServer(work) {
  const { SMTPServer } = createRequire(join(root, 'package.json'))('smtp-server')
  const mails = []
  const server = new SMTPServer({
    secure: true,
    key: readFileSync(join(work, 'key.pem')),
    cert: readFileSync(join(work, 'cert.pem')),
    onAuth: ({ username, password }, _, done) =>
      username === ADDRESS && password === PASSWORD ? done(null, { user: username }) : done(new Error('no')),
    onData: (stream, { envelope }, done) => {
      let text = ''
      stream.setEncoding('utf8').on('data', (part) => (text += part))
      stream.on('end', () => {
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise((resolve) => server.listen(465, '127.0.0.1', resolve))
  return mails
}

/** A person at a terminal who types the password when it is asked for, and otherwise takes what is offered. */
function atTerminal(commands, options) {
  const child = spawn('script', ['-qefc', commands.join('\n'), '/dev/null'], {
    ...options,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text)
    shown += text
    const [question] = /[^\n]*[:\]] $/.exec(shown) ?? []
    if (question === undefined) return
    shown = ''
    child.stdin.write(/password/i.test(question) ? `${PASSWORD}\n` : '\n')
  })
  return new Promise((resolve) =>
    child.on('close', (code) => {
      child.stdin.destroy()
      resolve(code)
    }),
  )
}

async function inside(work) {
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  writeFileSync(join(work, 'hosts'), `127.0.0.1 localhost ${HOST}\n`)
  execFileSync('mount', ['--bind', join(work, 'hosts'), '/etc/hosts'])
  const mails = await startServer(work)
  const home = join(work, 'home')
  mkdirSync(home)
  chownSync(home, NOBODY, NOBODY)
  const path = `${join(work, 'prefix', 'bin')}:${process.env.PATH}`
  const env = {
    PATH: path,
    HOME: home,
    TERM: 'dumb',
    SHELL: '/bin/sh',
    NODE_EXTRA_CA_CERTS: join(work, 'cert.pem'),
  }
  const commands = block('README.md', 'first-mail').slice(3)
  const code = await atTerminal(commands, { cwd: home, env, uid: NOBODY, gid: NOBODY })
  const [mail] = mails
  const arrived = mails.length === 1 && mail.to[0] === ADDRESS && /^Subject: First mail\r?$/m.test(mail.text)
  if (code !== 0 || !arrived || !mail.text.includes('It works.')) {
    console.error(`exit code ${code}, and what arrived is ${JSON.stringify(mails)}`)
    process.exit(1)
  }
  console.log('the mail has arrived')
  process.exit(0)
}

// ---- outside ------------------------------------------------------------------------------------------------------

const REPOSITORY_IS_DOWN = ['ping', '--silent']

function installs(clone, env) {
  const [ci, build, install] = block('README.md', 'first-mail')
  if (!shell([ci], clone, env)) {
    if (spawnSync('npm', REPOSITORY_IS_DOWN, { env, timeout: 30_000 }).status === 0)
      throw new Ending(1, 'npm ci failed')
    lacking('packages cannot be fetched')
  }
  if (block('docs/installation.md', 'package').length === 0)
    throw new Error('docs/installation.md has no commands')
  if (!shell([build, install], clone, env)) process.exit(1)
}

function outside() {
  if (process.getuid() !== 0) lacking('needs root, for a network of its own')
  if (spawnSync('unshare', ['--net', '--mount', 'true']).status !== 0) lacking('no namespaces can be made')
  const work = mkdtempSync(join(tmpdir(), 'mailqueue first mail '))
  try {
    chmodSync(work, 0o755)
    makeCertificate(work)
    const clone = join(work, 'a clone')
    copyTree(clone)
    const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
    const prefix = join(work, 'prefix')
    installs(clone, {
      ...process.env,
      npm_config_prefix: prefix,
      npm_config_cache: cache,
      npm_config_audit: 'false',
    })
    const again = [
      '--net',
      '--mount',
      '--fork',
      process.execPath,
      fileURLToPath(import.meta.url),
      '--inside',
      work,
    ]
    process.exitCode = spawnSync('unshare', again, { stdio: 'inherit', timeout: 120_000 }).status ?? 1
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (process.argv[2] === '--inside') await inside(process.argv[3])
else {
  try {
    outside()
  } catch (error) {
    console.log(error.message)
    process.exitCode = error instanceof Ending ? error.code : 1
  }
}
