/** What was expunged in place: listed, brought back, ended early. */

import { decodeCursor, encodeCursor, wrongCursor } from '../../adapters/cursors.ts';
import { UID_MAX } from '../../contract/limits.ts';
import {
  LIST_EXPUNGED,
  PURGE_EXPUNGED,
  UNEXPUNGE_MESSAGES,
} from '../../contract/requests/unexpunge.ts';
import type {
  ExpungedItem,
  PurgeExpungedAnswer,
  UnexpungeAnswer,
} from '../../contract/unexpunge-api.ts';
import { shownAddresses } from '../../core/accounts/shown-addresses.ts';
import type { Entry } from '../../core/messages/entries.ts';
import { type PurgePlace, requestPurgeExpunged } from '../../core/requests/purge-expunged.ts';
import { requestExpunged, requestUnexpunge } from '../../core/requests/unexpunge-request.ts';
import { type AccountRoutes, placeIn } from './open-request.ts';

/**
 * To be added before `messages/:uid`, which would take `expunged` for a UID. Owners are refused by
 * the core.
 */
export function addUnexpungeRoutes(routes: AccountRoutes): void {
  routes.route(LIST_EXPUNGED, async ({ context, query, open }) => {
    const page = { afterUid: query.cursor, limit: query.limit };
    const request = await open();
    const { entries, nextAfterUid } = await requestExpunged(request, placeIn(query), page);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    const ids = entries.flatMap(({ expunged }) => expunged?.expungedBy ?? []);
    const shown = await shownAddresses(request.ports.rows, ids);
    return context.json({ items: entries.flatMap((entry) => toItem(entry, shown)), ...next });
  });

  routes.route(UNEXPUNGE_MESSAGES, async ({ context, query, body, open }) => {
    const { cursor, ...rest } = body;
    const afterUid = cursor === undefined ? 0 : readUid(cursor);
    const wanted = { ...rest, dryRun: query.dryRun };
    const { nextAfterUid, ...done } = await requestUnexpunge(await open(), wanted, afterUid);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ ...done, ...next } satisfies UnexpungeAnswer);
  });

  routes.route(PURGE_EXPUNGED, async ({ context, query, body, open }) => {
    const { cursor, ...rest } = body;
    const from = cursor === undefined ? undefined : readPlace(cursor);
    const wanted = { ...rest, dryRun: query.dryRun };
    const { next: place, ...done } = await requestPurgeExpunged(await open(), wanted, from);
    const next = place === undefined ? {} : { next: placeCursor(place) };
    return context.json({ ...done, ...next } satisfies PurgeExpungedAnswer);
  });
}

function readUid(cursor: string): number {
  const uid = /^\d{1,10}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (uid <= UID_MAX) return uid;
  throw wrongCursor(cursor);
}

const placeCursor = ({ mailboxId, afterUid }: PurgePlace): string =>
  encodeCursor({ mailboxId, afterUid: String(afterUid) });

function readPlace(cursor: string): PurgePlace {
  const { mailboxId, afterUid } = decodeCursor(cursor, ['mailboxId', 'afterUid']);
  return { mailboxId, afterUid: readUid(afterUid) };
}

function toItem({ message, expunged }: Entry, shown: ReadonlyMap<string, string>): ExpungedItem[] {
  if (expunged === undefined) return [];
  const { from, to, subject } = message.envelope;
  const { expungedAt, expiresAt, expungedBy } = expunged;
  return [
    {
      uid: message.uid,
      guid: message.guid,
      expungedAt: new Date(expungedAt).toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
      ...(expungedBy === undefined ? {} : { expungedBy: shown.get(expungedBy) ?? expungedBy }),
      size: message.sizeBytes,
      internalDate: new Date(message.internalDate).toISOString(),
      flags: [...message.flags],
      keywords: [...message.keywords],
      from,
      to,
      subject,
    },
  ];
}
