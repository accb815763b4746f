/**
 * Whether code of plug-ins runs in this process: an error out of nowhere is then more likely theirs than ours.
 */

let loaded = false

/** Notes that plug-ins are being loaded. */
export function notePlugins(): void {
  loaded = true
}

/** True from the moment the first plug-in was asked for. */
export function pluginsAreLoaded(): boolean {
  return loaded
}
