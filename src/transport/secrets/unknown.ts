/**
 * The error for a secret that cannot be told. It is a fault of this site, never of a mail or of the server, and its
 * message is safe to show.
 */
export class SecretUnknown extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SecretUnknown'
  }
}
