/** The counts of an expunge storage by the day on which its messages end, counted again. */
import type { QuotaDrift } from '../../contract/mail-api.ts';
import { dictmapKeys, ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Entry } from '../messages/entries.ts';
import { dayOf, rowEnd } from '../policies/expiry.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { storedDays } from './expiry-days.ts';
import type { StoredUsage } from './quota.ts';

/** Days that a count outlives its day, as where it is made: nobody sums it any more. */
const COUNT_KEPT_DAYS = 3;

const NONE: StoredUsage = { messages: 0, bytes: 0 };

/**
 * Of days from tomorrow on: messages that end today may be gone already, and their count goes at
 * midnight by itself.
 */
export class ExpiryRecount {
  readonly #ports: Pick<Ports, 'rows' | 'clock'>;
  /** By storage, as they were when the count began. */
  readonly #before: ReadonlyMap<Mailbox, ReadonlyMap<string, StoredUsage>>;
  /** By mailbox that the messages lie in, then by key of the day's row. */
  readonly #counted = new Map<string, Map<string, StoredUsage>>();

  private constructor(
    ports: Pick<Ports, 'rows' | 'clock'>,
    before: ReadonlyMap<Mailbox, ReadonlyMap<string, StoredUsage>>,
  ) {
    this.#ports = ports;
    this.#before = before;
  }

  /** @param storages as read just before any message is counted */
  static async begin(
    ports: Pick<Ports, 'rows' | 'clock'>,
    storages: readonly Mailbox[],
  ): Promise<ExpiryRecount> {
    const before = new Map<Mailbox, ReadonlyMap<string, StoredUsage>>();
    const tomorrow = ports.clock.now() + DAY_MS;
    for (const storage of storages) {
      before.set(storage, await storedDays(ports.rows, storage.mailboxId, tomorrow));
    }
    return new ExpiryRecount(ports, before);
  }

  /** A mailbox is counted anew. */
  forget(mailboxId: string): void {
    this.#counted.delete(mailboxId);
  }

  /** A message in this mailbox that is expunged: if a storage shows it, it counts there. */
  count(mailboxId: string, { message, expunged }: Entry): void {
    if (expunged?.storageId === undefined) return;
    const of = this.#counted.get(mailboxId) ?? new Map<string, StoredUsage>();
    const { sk } = dictmapKeys.expiry(expunged.storageId, dayOf(expunged.expiresAt));
    const { messages, bytes } = of.get(sk) ?? NONE;
    of.set(sk, { messages: messages + 1, bytes: bytes + message.sizeBytes });
    this.#counted.set(mailboxId, of);
  }

  /** Corrects the days of every storage in which nothing happened meanwhile. */
  async repair(): Promise<QuotaDrift[]> {
    const drift: QuotaDrift[] = [];
    for (const [storage, before] of this.#before) {
      let [messages, bytes] = [0, 0];
      for (const day of this.#daysOf(storage, before)) {
        const was = before.get(day);
        const is = this.#sum(dictmapKeys.expiry(storage.mailboxId, day).sk);
        const off = {
          messages: (was ?? NONE).messages - is.messages,
          bytes: (was ?? NONE).bytes - is.bytes,
        };
        if (off.messages === 0 && off.bytes === 0) continue;
        if (!(await this.#correct(storage, day, was, is))) continue;
        messages += off.messages;
        bytes += off.bytes;
      }
      if (messages !== 0 || bytes !== 0) drift.push({ mailbox: storage.path, messages, bytes });
    }
    return drift;
  }

  #daysOf({ mailboxId }: Mailbox, before: ReadonlyMap<string, StoredUsage>): ReadonlySet<string> {
    const prefix = dictmapKeys.expiry(mailboxId, '').sk;
    const tomorrow = dayOf(this.#ports.clock.now() + DAY_MS);
    const counted = [...this.#counted.values()].flatMap((of) => [...of.keys()]);
    const own = counted.flatMap((sk) => (sk.startsWith(prefix) ? [sk.slice(prefix.length)] : []));
    return new Set([...before.keys(), ...own.filter((day) => day >= tomorrow)]);
  }

  #sum(sk: string): StoredUsage {
    const parts = [...this.#counted.values()].map((of) => of.get(sk) ?? NONE);
    return parts.reduce(
      (sum, part) => ({ messages: sum.messages + part.messages, bytes: sum.bytes + part.bytes }),
      NONE,
    );
  }

  /**
   * Whatever comes into a storage raises its UIDNEXT, and whatever leaves it lowers the count of
   * its day: while both stand, nothing has happened.
   */
  async #correct(
    storage: Mailbox,
    day: string,
    was: StoredUsage | undefined,
    is: StoredUsage,
  ): Promise<boolean> {
    const key = dictmapKeys.expiry(storage.mailboxId, day);
    const correction: Write =
      was === undefined
        ? { kind: 'put', key, guard: { row: 'absent' }, attributes: newDay(storage, day, is) }
        : {
            kind: 'update',
            key,
            guard: { row: 'present', equals: { messages: was.messages, bytes: was.bytes } },
            change: { set: { messages: is.messages, bytes: is.bytes } },
          };
    const { uidNext } = storage;
    const result = await this.#ports.rows.transact([
      {
        kind: 'check',
        key: dictmapKeys.mailbox(storage.mailboxId),
        guard: { row: 'present', equals: { state: 'active', uidNext } },
      },
      correction,
    ]);
    return result.outcome === 'written';
  }
}

function newDay(storage: Mailbox, day: string, { messages, bytes }: StoredUsage) {
  const begins = Date.parse(day);
  const ttl = rowEnd(begins + COUNT_KEPT_DAYS * DAY_MS);
  return {
    v: ROW_VERSION,
    type: 'expiry',
    storageId: storage.mailboxId,
    day,
    messages,
    bytes,
    ...(Number.isNaN(begins) ? {} : { [TTL_ATTRIBUTE]: ttl }),
  };
}
