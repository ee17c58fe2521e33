/** Entries in the order of their places, as an ordered index keeps them. */

/** Compared part by part, each by its bytes. */
export type Place = readonly Buffer[];

export const placeOf = (...parts: readonly string[]): Place =>
  parts.map((part) => Buffer.from(part, 'utf8'));

export function comparePlaces(a: Place, b: Place): number {
  for (let part = 0; part < Math.min(a.length, b.length); part += 1) {
    const order = Buffer.compare(a[part] ?? Buffer.alloc(0), b[part] ?? Buffer.alloc(0));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export interface Entry<T> {
  readonly place: Place;
  readonly value: T;
}

export class OrderedEntries<T> {
  readonly #entries: Entry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  at(position: number): Entry<T> | undefined {
    return this.#entries[position];
  }

  all(): readonly Entry<T>[] {
    return this.#entries;
  }

  /** Position of the first entry for which the test holds; it must hold for all that follow. */
  firstWhere(test: (place: Place) => boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && test(entry.place)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  get(place: Place): T | undefined {
    const found = this.#find(place);
    return found.present ? this.#entries[found.position]?.value : undefined;
  }

  set(place: Place, value: T): void {
    const { position, present } = this.#find(place);
    this.#entries.splice(position, present ? 1 : 0, { place, value });
  }

  delete(place: Place): void {
    const { position, present } = this.#find(place);
    if (present) this.#entries.splice(position, 1);
  }

  #find(place: Place): { readonly position: number; readonly present: boolean } {
    const position = this.firstWhere((other) => comparePlaces(other, place) >= 0);
    const entry = this.#entries[position];
    return { position, present: entry !== undefined && comparePlaces(entry.place, place) === 0 };
  }
}
