/**
 * Stopping and restarting the clocks of expunged messages: by the same transitions as every other
 * change of them, so that the links of a blob and the counts of the days follow in one transaction,
 * and S3 follows by the stream. Nothing here deletes.
 */
import { linkOf, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Chunk } from '../messages/chunk.ts';
import type { Entry } from '../messages/entries.ts';
import { rowEnd } from '../policies/expiry.ts';

/** Its own row, that of its blob, and the counts of two days. */
export const CLOCK_ROWS = 4;

/** An expunged message no longer ends by itself. */
export function stopClock(chunk: Chunk, entry: Entry): void {
  changeDay(chunk, entry, undefined);
  if (entry.copied) chunk.links(entry).keep(linkOf(entry.home.mailboxId, entry.home.uid));
  chunk.change(entry, {
    set: { protectedAt: chunk.now },
    unset: ['expiresAt', TTL_ATTRIBUTE],
  });
}

/** It ends by itself again. @param endsAt epoch milliseconds; undefined: as mail of its class, never */
export function startClock(chunk: Chunk, entry: Entry, endsAt: number | undefined): void {
  changeDay(chunk, entry, endsAt);
  const link = linkOf(entry.home.mailboxId, entry.home.uid);
  if (entry.copied) chunk.links(entry).expunge(link, endsAt);
  chunk.change(entry, {
    ...(endsAt === undefined
      ? {}
      : { set: { expiresAt: endsAt, [TTL_ATTRIBUTE]: rowEnd(endsAt) } }),
    unset: ['protectedAt'],
  });
}

function changeDay(chunk: Chunk, { expunged, message }: Entry, endsAt: number | undefined): void {
  if (expunged?.storageId === undefined) return;
  chunk.countExpiry(expunged.storageId, expunged.expiresAt, -1, message.sizeBytes);
  chunk.countExpiry(expunged.storageId, endsAt, 1, message.sizeBytes);
}
