/**
 * Builds the Debian packages mailqueue and mailqueue-mta with dpkg-buildpackage and debhelper, from dist/ and packaging/. Two
 * builds of the same commit have the same bytes: time stamps are those of SOURCE_DATE_EPOCH, or of the commit. There is no
 * compiled code for a version of Node.js in them; the installation makes that. Ends with exit code 1, with the
 * packages of before in their place, when a tool is missing or fails.
 *
 *     node scripts/package-deb.mjs [--output DIRECTORY] [--version VERSION]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundlePackage } from './bundle-package.mjs'
import { EXTERNAL } from './bundle.mjs'
import { licencesOf, readLicences } from './licences.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What the configuration of a machine says, beside the usual values. */
const SITE = { queue_dir: '/var/spool/mailqueue/queue', submit_dir: '/var/spool/mailqueue/drop' }

/** Where the files of packaging/ are expected by debhelper. */
const DEBHELPER_NAMES = {
  'systemd/mailqueue.service': 'mailqueue.service',
  'systemd/mailqueue-run.service': 'mailqueue.mailqueue-run.service',
  'systemd/mailqueue-run.timer': 'mailqueue.mailqueue-run.timer',
  'logrotate/mailqueue': 'mailqueue.logrotate',
}

function sourceDate() {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined) return Number(given)
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }))
}

function write(path, text, mode = 0o644) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
}

/** mailqueue.conf.example with the values of {@link SITE}. */
function configuration() {
  const example = readFileSync(join(root, 'mailqueue.conf.example'), 'utf8')
  return Object.entries(SITE).reduce((text, [name, value]) => {
    const line = new RegExp(`^#${name} = .*$`, 'm')
    if (!line.test(text)) console.error(`package-deb: mailqueue.conf.example has no ${name}`)
    return text.replace(line, `${name} = ${value}`)
  }, example)
}

/** The commands start Node.js of the system and none that a user has in the PATH. */
function copyScript(from, to) {
  const [, ...lines] = readFileSync(from, 'utf8').split('\n')
  write(to, ['#!/usr/bin/node', ...lines].join('\n'), 0o755)
}

function copyCommands(library, version) {
  const commands = join(root, 'dist', 'commands')
  for (const name of Object.keys(manifest.bin))
    copyScript(join(root, manifest.bin[name]), join(library, 'bin', name))
  cpSync(join(root, 'bin', 'package.json'), join(library, 'bin', 'package.json'))
  for (const name of readdirSync(commands).filter((each) => each.endsWith('.cjs'))) {
    mkdirSync(join(library, 'dist', 'commands'), { recursive: true })
    copyFileSync(join(commands, name), join(library, 'dist', 'commands', name))
  }
  for (const name of ['train-command.cjs', 'training-calls.cjs', 'compile-commands.cjs'])
    write(join(library, 'scripts', name), readFileSync(join(root, 'scripts', name)))
  const compile = "#!/usr/bin/node\nrequire('../scripts/compile-commands.cjs').main()\n"
  write(join(library, 'bin', 'compile-commands'), compile, 0o755)
  const { name, type } = manifest
  write(join(library, 'package.json'), `${JSON.stringify({ name, version, type }, null, 2)}\n`)
}

/** The packages that the commands load late. Resolves to the files that went in. */
async function bundlePackages(library) {
  const inputs = await Promise.all(
    EXTERNAL.map((name) => bundlePackage(root, name, join(library, 'node_modules'))),
  )
  return inputs.flat()
}

function completions(stage) {
  const made = join(stage, 'completion')
  execFileSync(process.execPath, [join(root, 'scripts', 'completion.mjs'), made])
  cpSync(join(made, 'bash'), join(stage, 'root/usr/share/bash-completion/completions'), { recursive: true })
  cpSync(join(made, 'zsh'), join(stage, 'root/usr/share/zsh/vendor-completions'), { recursive: true })
}

/** A text as the value of a field in debian/copyright. */
const indented = (text) => text.split('\n').map((line) => ` ${line.trimEnd() || '.'}`)

function copyright(bundled) {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').split('\n\n').slice(2).join('\n\n').trim()
  const commands = readLicences(readFileSync(join(root, 'dist/commands/THIRD-PARTY-LICENSES.txt'), 'utf8'))
  const packages = new Map([...commands, ...bundled].map((each) => [each.title, each]))
  const head = readFileSync(join(root, 'packaging/debian/copyright'), 'utf8')
  const sections = [...packages.values()].map(({ title, text }) => {
    const [, name, licence] = /^(\S+) .*\((.*)\)$/.exec(title)
    const holders = [...text.matchAll(/^\W*(?:copyright )(?:\(c\) )?(.*\w.*)$/gim)].map(([, words]) =>
      words.trim(),
    )
    const label = `${licence.replaceAll(' ', '-')}-${name.replaceAll(/[^\w.-]/g, '-')}`
    return [
      `Files: ${name}/*`,
      `Copyright: ${holders.join('\n ') || 'its authors'}`,
      `License: ${label}`,
      ...indented(text),
    ]
  })
  const blocks = [['License: Expat', ...indented(own)], ...sections].map((lines) => `${lines.join('\n')}\n`)
  return `${head}\n${blocks.join('\n')}`
}

function changelog(version, date) {
  const time = new Date(date * 1000).toUTCString().replace('GMT', '+0000')
  const [, maintainer] = /^Maintainer: (.*)$/m.exec(
    readFileSync(join(root, 'packaging/debian/control'), 'utf8'),
  )
  return `mailqueue (${version}) unstable; urgency=medium\n\n  * What has changed is in docs/CHANGELOG.md.gz.\n\n -- ${maintainer}  ${time}\n`
}

/** Everything that dpkg-buildpackage needs, in one directory. */
async function fill(stage, version, date) {
  const library = join(stage, 'root/usr/lib/mailqueue')
  const debian = join(stage, 'debian')
  cpSync(join(root, 'packaging/debian'), debian, { recursive: true })
  for (const [from, to] of Object.entries(DEBHELPER_NAMES))
    copyFileSync(join(root, 'packaging', from), join(debian, to))
  for (const name of ['man', 'docs', 'README.md', 'mailqueue.conf.example'])
    cpSync(join(root, name), join(stage, name), { recursive: true })
  // debhelper takes a file of this name beside them for that of the package
  copyFileSync(join(root, 'CHANGELOG.md'), join(stage, 'docs', 'CHANGELOG.md'))
  copyCommands(library, version)
  write(join(debian, 'copyright'), copyright(licencesOf(root, await bundlePackages(library))))
  write(join(debian, 'changelog'), changelog(version, date))
  write(join(stage, 'root/etc/mailqueue.conf'), configuration())
  write(
    join(stage, 'root/etc/apparmor.d/mailqueue'),
    readFileSync(join(root, 'packaging/apparmor/mailqueue')),
  )
  completions(stage)
}

async function buildPackages(output, version) {
  const scratch = mkdtempSync(join(tmpdir(), 'mailqueue-deb-'))
  const stage = join(scratch, `mailqueue-${version}`)
  const date = sourceDate()
  try {
    await fill(stage, version, date)
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date), LC_ALL: 'C.UTF-8', TZ: 'UTC' }
    const { status, error, stdout } = spawnSync('dpkg-buildpackage', ['--build=binary', '--no-sign'], {
      cwd: stage,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (status !== 0)
      throw new Error(error ? `dpkg-buildpackage: ${error.message}` : `dpkg-buildpackage failed:\n${stdout}`)
    mkdirSync(output, { recursive: true })
    for (const name of readdirSync(scratch).filter((each) => each.endsWith('.deb'))) {
      copyFileSync(join(scratch, name), join(output, name))
      console.log(join(output, name))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options: { output: { type: 'string' }, version: { type: 'string' } } })
try {
  await buildPackages(values.output ?? join(root, 'packages'), values.version ?? manifest.version)
} catch (error) {
  console.error(`package-deb: ${error.message}`)
  process.exitCode = 1
}
