import type { Secrets } from '../../functions/core/ports/secrets.ts';

/** A secret that is known; `rotated` is what asking for the present one brings. */
export class FixedSecrets implements Secrets {
  readonly #text: string;
  readonly #rotated: string;
  reads = 0;

  constructor(text: string, rotated = text) {
    this.#text = text;
    this.#rotated = rotated;
  }

  async read({ fresh = false } = {}): Promise<string> {
    this.reads += 1;
    return fresh ? this.#rotated : this.#text;
  }
}
