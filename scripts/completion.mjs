/**
 * Makes the completion of the commands for bash and zsh. What a command completes is what its --help says, which is made of
 * the tables of options; so there is no list here that could be forgotten. Fails when a command does not run or its help
 * cannot be read.
 *
 *     node scripts/completion.mjs DIRECTORY
 *
 * writes DIRECTORY/bash/COMMAND and DIRECTORY/zsh/_COMMAND.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

function helpOf(command, words) {
  const env = { ...process.env, NODE_OPTIONS: '', MAILQUEUE_CONF: '/nonexistent' }
  return execFileSync(process.execPath, [join(root, bin[command]), ...words, '--help'], {
    env,
    encoding: 'utf8',
  })
}

/** The entries of a help: what stands at the left, and the words beside and below it. */
function entriesOf(text) {
  const entries = []
  for (const line of text.split('\n')) {
    const [, head, words = ''] = /^ {2}(\S(?:.*?\S)?)(?: {2,}(.*))?$/.exec(line) ?? []
    if (head !== undefined) entries.push({ head, doc: words })
    else if (/^ {3,}\S/.test(line) && entries.length > 0) entries.at(-1).doc += ` ${line.trim()}`
  }
  return entries
}

/** The part of a help below a title, or all of it where there are no titles. */
function partOf(help, title) {
  const [, part] = new RegExp(`^${title}:\\n((?: .*\\n)*)`, 'm').exec(help) ?? []
  return part ?? (/^Options:/m.test(help) ? '' : help)
}

/** What completes the argument of an option. */
const ARGUMENTS = [
  ['directory', /director|queue_dir/],
  ['file', /file|ARG/],
]

function optionOf({ head, doc }) {
  const names = head.split(', ').map((name) => /^-[^\s[=<]+/.exec(name)?.[0] ?? name.slice(0, 2))
  const word = /<([^>]+)>|(?<= )(ARG)$/.exec(head)?.slice(1).find(Boolean)
  const kind =
    word === undefined ? undefined : (ARGUMENTS.find(([, words]) => words.test(word))?.[0] ?? 'text')
  return { names, kind, doc: doc.trim() }
}

const optionsOf = (help) =>
  entriesOf(partOf(help, 'Options'))
    .filter(({ head }) => head.startsWith('-'))
    .map(optionOf)

/** A command with its options and, where it has them, its subcommands. */
function describe(command) {
  const help = helpOf(command, [])
  const subcommands = /^Commands:/m.test(help)
    ? entriesOf(partOf(help, 'Commands')).map(({ head, doc }) => {
        const name = head.split(' ')[0]
        return { name, doc: doc.trim(), options: optionsOf(helpOf(command, [name])) }
      })
    : []
  const options = optionsOf(help)
  if (options.length === 0) throw new Error(`the help of ${command} has no options`)
  return { command, options, subcommands }
}

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`
const identifier = (name) => `_${name.replaceAll('-', '_')}`
const namesOf = (options) => options.flatMap(({ names }) => names)

function bashCompletion({ command, options, subcommands }) {
  const all = [...options, ...subcommands.flatMap((each) => each.options)]
  const taking = (kind) =>
    [...new Set(namesOf(all.filter((each) => each.kind === kind)))].map(quote).join(' | ')
  const cases = [
    ['file', 'compgen -f -- "$current"'],
    ['directory', 'compgen -d -- "$current"'],
    ['text', 'true'],
  ].filter(([kind]) => taking(kind) !== '')
  const words = [...namesOf(options), ...subcommands.map(({ name }) => name)]
  return `# Completion of ${command} for bash, made from its --help.
${identifier(command)}() {
    local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words word
    case $previous in
${cases.map(([kind, call]) => `    ${taking(kind)})\n        mapfile -t COMPREPLY < <(${call})\n        return\n        ;;`).join('\n')}
    esac
    words=${quote(words.join(' '))}
    for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
${subcommands.map(({ name, options: own }) => `        ${name}) words=${quote(namesOf(own).join(' '))} && break ;;`).join('\n') || '        --) return ;;'}
        esac
    done
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F ${identifier(command)} ${command}
`
}

/** One specification for _arguments. */
function zshOption({ names, kind, doc }) {
  const action = { file: ':file:_files', directory: ':directory:_files -/', text: ':value: ' }[kind] ?? ''
  const words = doc.replace(/[[\]\\:]/g, (sign) => `\\${sign}`)
  return names.map((name) => quote(`${name.replace(':', '\\:')}[${words}]${action}`)).join(' \\\n    ')
}

function zshCompletion({ command, options, subcommands }) {
  const specs = (list) => list.map(zshOption).join(' \\\n    ')
  const head = `#compdef ${command}\n# Completion of ${command} for zsh, made from its --help.\n`
  if (subcommands.length === 0) return `${head}_arguments \\\n    ${specs(options)} \\\n    '*:file:_files'\n`
  const names = subcommands.map(
    ({ name, doc }) => `        ${quote(`${name}:${doc.replaceAll(':', '\\:')}`)}`,
  )
  const cases = subcommands.map(
    ({ name, options: own }) => `${name})\n    _arguments ${specs(own)} '*:file:_files' ;;`,
  )
  return `${head}local state line
local -a commands
_arguments -C \\
    ${specs(options)} \\
    '1: :->command' '*:: :->rest'
case $state in
command)
    commands=(
${names.join('\n')}
    )
    _describe command commands ;;
rest)
    case $words[1] in
    ${cases.join('\n    ')}
    esac ;;
esac
`
}

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: node scripts/completion.mjs DIRECTORY')
for (const shell of ['bash', 'zsh']) mkdirSync(join(directory, shell), { recursive: true })
for (const command of Object.keys(bin)) {
  const described = describe(command)
  writeFileSync(join(directory, 'bash', command), bashCompletion(described))
  writeFileSync(join(directory, 'zsh', `_${command}`), zshCompletion(described))
}
