/**
 * Something about the machine (a missing program, a port, the network) keeps the embedded AWS from
 * working. The message says what is wrong and, on a second line, what to do about it.
 */
export class LocalEnvironmentError extends Error {
  override readonly name = 'LocalEnvironmentError';
  readonly fix: string;

  /**
   * @param what What is wrong, as a sentence.
   * @param fix What the reader can do about it: a command where there is one.
   */
  constructor(what: string, fix: string, options?: ErrorOptions) {
    super(`${what}\n  Fix: ${fix}`, options);
    this.fix = fix;
  }
}
