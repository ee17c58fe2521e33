/** How long expunged mail stays, and on which day of UTC it ends. */
import type { RowKey } from '../../contract/row-layout.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { PolicyAttributes } from './policy-attributes.ts';

/**
 * A row outlives its expiry by so much, unreadable: a hold placed in time can still save it
 * (design, section 3).
 */
const ROW_MARGIN_SECONDS = 12 * 3600;
export const MESSAGE_ROW_MARGIN_MS = ROW_MARGIN_SECONDS * 1000;

/** Tombstones: a walk that reads one mailbox before a move and another after it takes less. */
const TOMBSTONE_SECONDS = 86_400;

const NEVER = 'never';

/** Class name to days that expunged mail stays; `null`: it never ends by itself. */
export type RetentionDays = Readonly<Record<string, number | null>>;

/**
 * When a message that is expunged now ends, in epoch milliseconds; undefined: never. The class in
 * its key decides, because S3's clock follows it; a storage's own age may only be shorter. A
 * class that nobody knows keeps its mail (W5).
 */
export function expiresAt(
  retentionDays: RetentionDays,
  retentionClass: string,
  storage: Pick<PolicyAttributes, 'autoexpungeAfterSeconds'>,
  now: number,
): number | undefined {
  const days = retentionDays[retentionClass] ?? null;
  const ownSeconds = storage.autoexpungeAfterSeconds;
  const ends = [
    ...(days === null ? [] : [now + days * DAY_MS]),
    ...(ownSeconds === undefined ? [] : [now + ownSeconds * 1000]),
  ];
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** The row that counts what ends with this one, on its day. */
export function expiryKey(storageMailboxId: string, endsAt: number | undefined): RowKey {
  return dictmapKeys.expiry(storageMailboxId, dayOf(endsAt));
}

/** A day of UTC as in `2026-11-22`; `never` sorts after every one of them. */
export function dayOf(time: number | undefined): string {
  return time === undefined ? NEVER : new Date(time).toISOString().slice(0, 10);
}

/** Epoch seconds after which TTL may remove a row that ends then. */
export const rowEnd = (endsAt: number): number => Math.ceil(endsAt / 1000) + ROW_MARGIN_SECONDS;

export const tombstoneEnd = (now: number): number => Math.ceil(now / 1000) + TOMBSTONE_SECONDS;
