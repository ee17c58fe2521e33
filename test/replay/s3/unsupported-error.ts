/** The target cannot do what a step asks for; the message says why. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
