/**
 * New bytes for what comes out of the expunge storage: nothing that was expunged becomes live
 * again, so restore and purge cannot race (W4). Bytes are copied before the transaction that
 * names them; one that never comes leaves an orphan, which erasure and audit find by its prefix.
 */
import { mailKey } from '../../contract/key-layout.ts';
import { BLOB_ID_BYTES } from '../../contract/limits.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Ports } from '../ports/ports.ts';
import { inParallel } from '../rows/parallel.ts';
import type { Entry } from './entries.ts';
import type { Message } from './message.ts';

/** COPYs in flight: a chunk of 32 to 48 takes two or three turns of some 30 ms. */
const PARALLEL_COPIES = 16;

/** More than one chunk never takes so many. */
const AHEAD_MAX = 48;

/** Where the bytes of a message are. */
export type Bytes = Pick<Message, 'blobId' | 'retentionClass' | 'versionId'>;

export class ByteCopies {
  readonly #ports: Pick<Ports, 'objects' | 'ids'>;
  readonly #account: Account;
  /** Made already, by where their source is: a transaction that is tried again uses them. */
  readonly #made = new Map<string, Bytes>();

  constructor(ports: Pick<Ports, 'objects' | 'ids'>, account: Account) {
    this.#ports = ports;
    this.#account = account;
  }

  /** Makes the copies that the next entries of the storage need, side by side. */
  async makeForStored(entries: readonly Entry[]): Promise<void> {
    const stored = entries.filter(({ expunged }) => expunged !== undefined).slice(0, AHEAD_MAX);
    await inParallel(stored, PARALLEL_COPIES, (entry) => this.of(entry));
  }

  /**
   * Bytes of its own for the entry, under the account's present class; undefined when S3 has the
   * old ones no more, because the message was expunged for good meanwhile.
   */
  async of(entry: Entry): Promise<Bytes | undefined> {
    const place = `${entry.home.mailboxId}/${entry.home.uid}`;
    const made = this.#made.get(place) ?? (await this.#copy(entry.message));
    if (made !== undefined) this.#made.set(place, made);
    return made;
  }

  async #copy({ blobId, retentionClass, versionId }: Message): Promise<Bytes | undefined> {
    const { accountId, retentionClass: newClass } = this.#account;
    const newBlobId = this.#ports.ids.hex(BLOB_ID_BYTES);
    const copied = await this.#ports.objects.copy(
      { key: mailKey(retentionClass, accountId, blobId), versionId },
      mailKey(newClass, accountId, newBlobId),
    );
    return copied && { blobId: newBlobId, retentionClass: newClass, versionId: copied.versionId };
  }
}
