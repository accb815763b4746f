/**
 * The least a Node program must do to find what is due: read all names of a folder, and look at none of them.
 *
 *     node floor-scan.mjs FOLDER
 */
import { opendirSync } from 'node:fs'

const folder = opendirSync(process.argv[2], { bufferSize: 1024 })
let count = 0
while (folder.readSync() !== null) count += 1
folder.closeSync()
if (count === 0) process.exit(1)
