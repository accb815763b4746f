/**
 * Watching a directory for names that come and go. Best effort: some file systems tell nothing, and the system may
 * refuse to watch at all or stop telling later. So whoever watches also looks for himself now and then; that nothing is
 * told any more is said once. Never throws, and does not keep the process alive.
 */
import { watch, type FSWatcher } from 'node:fs'
import { describeError, errnoOf } from '../errors/errno.ts'

/** What the watcher is told. */
export interface DirectoryListener {
  /** Something changed; the name, where the system tells it. */
  changed(name: string | undefined): void
  /** From now on nothing is told. Once, with the reason in one line. */
  deaf(why: string): void
}

/** A watch that goes on. */
export interface DirectoryWatch {
  close(): void
}

function whyDeaf(error: unknown): string {
  if (errnoOf(error) === 'ENOSPC') return 'no more inotify watches; raise fs.inotify.max_user_watches'
  if (errnoOf(error) === 'EMFILE') return 'no more inotify instances; raise fs.inotify.max_user_instances'
  return describeError(error)
}

/**
 * Begins to watch.
 *
 * @param path of a directory
 * @param listener is told at once, before this returns, when the directory cannot be watched
 */
export function watchDirectory(path: string, listener: DirectoryListener): DirectoryWatch {
  let watcher: FSWatcher | undefined
  const close = (): void => {
    watcher?.close()
    watcher = undefined
  }
  const fail = (error: unknown): void => {
    close()
    listener.deaf(whyDeaf(error))
  }
  try {
    watcher = watch(path, { persistent: false }, (_kind, name) => listener.changed(name ?? undefined))
    watcher.on('error', fail)
  } catch (error) {
    fail(error)
  }
  return { close }
}
