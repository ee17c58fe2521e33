/** Which label of the reference model stands for which name that the core drew at random. */
export class Names {
  readonly #nameOf: Map<number, string>;
  readonly #labelOf: Map<string, number>;

  constructor(from?: Names) {
    this.#nameOf = new Map(from === undefined ? [] : from.#nameOf);
    this.#labelOf = new Map(from === undefined ? [] : from.#labelOf);
  }

  /** Whether label and name belong together; two that are both new do from now on. */
  agree(label: number, name: string): boolean {
    if (!this.#nameOf.has(label) && !this.#labelOf.has(name)) {
      this.#nameOf.set(label, name);
      this.#labelOf.set(name, label);
    }
    return this.#nameOf.get(label) === name;
  }

  nameOf(label: number): string | undefined {
    return this.#nameOf.get(label);
  }

  labelOf(name: string): number | undefined {
    return this.#labelOf.get(name);
  }

  all(): Iterable<[number, string]> {
    return this.#nameOf;
  }
}

export interface KnownNames {
  readonly guids: Names;
  readonly blobs: Names;
}
