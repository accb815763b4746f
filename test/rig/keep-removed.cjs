/**
 * Loaded into a command with `NODE_OPTIONS=--require`: before a message or a journal is removed from the queue it
 * gets a second name in another directory, so that the rig still knows afterwards what was on record. Nothing is
 * missed, as it would be by looking at the queue now and then, and a kill between the two leaves both names.
 *
 *     MQ_TEST_KEEP_QUEUE  the queue
 *     MQ_TEST_KEEP_DIR    where the second names go, on the same file system, with the folders of a queue
 */
'use strict'

const fs = require('node:fs')
const { basename, dirname, join } = require('node:path')

const { MQ_TEST_KEEP_QUEUE: queue = '', MQ_TEST_KEEP_DIR: keep = '' } = process.env
const { linkSync, unlink, unlinkSync } = fs
const FOLDERS = ['new', 'cur', 'hold', 'failed', 'state'].map((name) => join(queue, name))

function remember(path) {
  const text = String(path)
  if (!FOLDERS.includes(dirname(text))) return
  try {
    linkSync(text, join(keep, basename(dirname(text)), basename(text)))
  } catch (error) {
    // It has the name already, or there is nothing to remove.
    if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error
  }
}

if (queue !== '') {
  fs.unlinkSync = (path) => {
    remember(path)
    return unlinkSync(path)
  }
  fs.unlink = (path, done) => {
    remember(path)
    return unlink(path, done)
  }
}
