const NULL_VERSION = 'null';

/** Names that a scenario gives to versions and markers, for ids that each S3 makes itself. */
export class VersionNames {
  readonly #ids = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** `versionId`: missing where the bucket is not versioned. */
  give(name: string, key: string, versionId: string = NULL_VERSION): void {
    this.#ids.set(name, versionId);
    // The null version has no other name: the next one takes its place.
    if (versionId !== NULL_VERSION) this.#names.set(`${versionId} ${key}`, name);
  }

  /** The id that a name stands for; a name that nothing has is no id of anything either. */
  idOf(name: string): string {
    return this.#ids.get(name) ?? name;
  }

  /** The name of a version: `null`, what a step called it, or `new`. */
  nameOf(key: string, versionId: string = NULL_VERSION): string {
    if (versionId === NULL_VERSION) return NULL_VERSION;
    return this.#names.get(`${versionId} ${key}`) ?? 'new';
  }

  /** A name of an expectation, as `nameOf` would give it. */
  canonical(name: string): string {
    return this.#ids.get(name) === NULL_VERSION ? NULL_VERSION : name;
  }
}
