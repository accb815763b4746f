/**
 * `mq-configure --list`: the providers that are known, one a line.
 */
import type { Provider } from './providers.ts'

const HEAD = ['NAME', 'SERVER', 'PORT', 'TLS', 'LOGIN', 'DOMAINS'] as const

function cells({ name, host, port, implicitTls, login, oauth2, domains }: Provider): readonly string[] {
  const ways = oauth2 && login !== 'OAuth 2.0' ? `${login}, OAuth 2.0` : login
  return [name, host, String(port), implicitTls ? 'at once' : 'STARTTLS', ways, domains.join(' ')]
}

/** The list as a table. */
export function providerList(providers: readonly Provider[]): string {
  const rows = [HEAD, ...providers.filter(({ unusable }) => unusable === undefined).map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${rows.map(line).join('\n')}\n`
}
