/**
 * Loaded into a command (NODE_OPTIONS=--require): when it ends, writes which parts of Node.js it loaded, which packs it
 * read and which other files it loaded into the file that MQ_TEST_MODULES_FILE names, as JSON.
 */
'use strict'
const fs = require('node:fs')
const { basename } = require('node:path')

const { readFileSync } = fs
const packs = []
fs.readFileSync = (path, ...rest) => {
  if (/dist.commands.mq-[\w.-]+\.cjs$/.test(String(path))) packs.push(basename(path, '.cjs'))
  return readFileSync(path, ...rest)
}

process.on('exit', () => {
  const builtin = process.moduleLoadList.flatMap((each) => /^NativeModule (.+)$/.exec(each)?.[1] ?? [])
  const packages = Object.keys(require.cache).filter((path) => path.includes('node_modules'))
  fs.writeFileSync(process.env.MQ_TEST_MODULES_FILE, JSON.stringify({ builtin, packs, packages }))
})
