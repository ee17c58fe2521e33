/** How much of a storage ends on a day: counted in the transactions that expunge and restore. */
import { ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { dayOf, expiryKey, rowEnd } from '../policies/expiry.ts';
import type { RowStore, Write } from '../ports/row-store.ts';

export interface ExpiryDraft {
  readonly storageId: string;
  readonly endsAt: number | undefined;
  messages: number;
  bytes: number;
}

/** Days that a count outlives its day: nobody sums it any more. */
const COUNT_KEPT_DAYS = 2;

/** The count of a day is made with the first message that ends on it. */
export async function expiryWrite(rows: RowStore, draft: ExpiryDraft): Promise<Write[]> {
  const { storageId, endsAt, messages, bytes } = draft;
  if (messages === 0 && bytes === 0) return [];
  const key = expiryKey(storageId, endsAt);
  const there = await rows.get(key);
  if (there !== undefined) {
    return [
      { kind: 'update', key, guard: { row: 'present' }, change: { add: { messages, bytes } } },
    ];
  }
  // Nothing to take from: TTL has removed the count of a day that is past.
  if (messages < 0) return [];
  return [
    {
      kind: 'put',
      key,
      guard: { row: 'absent' },
      attributes: {
        v: ROW_VERSION,
        type: 'expiry',
        storageId,
        day: dayOf(endsAt),
        messages,
        bytes,
        ...(endsAt === undefined
          ? {}
          : { [TTL_ATTRIBUTE]: rowEnd(endsAt + COUNT_KEPT_DAYS * DAY_MS) }),
      },
    },
  ];
}
