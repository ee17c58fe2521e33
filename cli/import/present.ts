import type { ImportTarget } from './import-target.ts';
import { Multiset } from './parity.ts';

/** What a mailbox holds before the import and has not been matched yet. */
export class Present {
  readonly #byUid = new Map<number, string>();
  readonly #digests = new Multiset();

  static async read(pages: ReturnType<ImportTarget['messages']>, byUid: boolean): Promise<Present> {
    const present = new Present();
    for await (const page of pages) {
      for (const { uid, digest } of page) {
        if (byUid) present.#byUid.set(uid, digest);
        else present.#digests.add(digest);
      }
    }
    return present;
  }

  /** Takes the message of this UID, if it is that message. */
  takeAt(uid: number, digest: string): boolean {
    return this.#byUid.get(uid) === digest && this.#byUid.delete(uid);
  }

  /** Takes any message of this content. */
  take(digest: string): boolean {
    return this.#digests.take(digest);
  }

  /** What is left can be matched by its content from now on. */
  forgetUids(): void {
    for (const digest of this.#byUid.values()) this.#digests.add(digest);
    this.#byUid.clear();
  }
}
