// Loaded into a command: the system has no inotify watches left.
const fs = require('node:fs')

fs.watch = () => {
  throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), {
    code: 'ENOSPC',
  })
}
require('node:module').syncBuiltinESMExports()
