/**
 * The servers of well-known mail providers, as nodemailer lists them; its only importer, when they are asked for. What
 * the list lacks, and what is no longer true of it, is in provider-notes.ts.
 */

/** One provider of the list. */
export interface Preset {
  readonly description?: string
  /** Domains of the addresses that it gives out. */
  readonly domains?: readonly string[]
  /** Other names of the provider. */
  readonly aliases?: readonly string[]
  readonly host?: string
  /** A text in a few rows. */
  readonly port?: number | string
  /** TLS from the first byte; port 465 means the same. */
  readonly secure?: boolean
}

/** Loads the list; the keys are the names of the providers. */
export async function loadPresets(): Promise<Readonly<Record<string, Preset>>> {
  const { default: presets } = await import('nodemailer/lib/well-known/services.json', {
    with: { type: 'json' },
  })
  return presets
}
