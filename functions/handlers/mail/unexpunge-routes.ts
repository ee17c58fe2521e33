/** What was expunged in place: listed, brought back, ended early. */
import { z } from 'zod';
import { decodeCursor, encodeCursor, wrongCursor } from '../../adapters/cursors.ts';
import { UID_MAX } from '../../contract/limits.ts';
import { DAY_SECONDS, DAYS_MAX } from '../../contract/times.ts';
import type {
  ExpungedItem,
  PurgeExpungedAnswer,
  PurgeExpungedRequest,
  UnexpungeAnswer,
  UnexpungeRequest,
} from '../../contract/unexpunge-api.ts';
import { shownAddresses } from '../../core/accounts/shown-addresses.ts';
import type { Entry } from '../../core/messages/entries.ts';
import { type PurgePlace, requestPurgeExpunged } from '../../core/requests/purge-expunged.ts';
import { requestExpunged, requestUnexpunge } from '../../core/requests/unexpunge-request.ts';
import { AFTER_UID, DRY_RUN, LIMIT } from '../../runtime/request-parts.ts';
import { type AccountRoutes, PATH, PLACE, placeIn } from './open-request.ts';

const UNEXPUNGE = z.strictObject({
  mailbox: PATH,
  uids: z
    .array(z.int('allowed is a whole number').positive(), 'allowed is a list of UIDs')
    .optional(),
  all: z.literal(true, 'allowed is true').optional(),
  expungedWithinSeconds: z
    .int('allowed is a whole number of seconds')
    .min(0)
    .max(DAYS_MAX * DAY_SECONDS)
    .optional(),
  cursor: z.string().optional(),
  clearDeleted: z.boolean().optional(),
  addKeyword: z.string().optional(),
  overQuota: z.boolean().optional(),
});

const PURGE = z.strictObject({
  olderThanDays: z.int('allowed is a whole number of days').min(0).max(DAYS_MAX),
  mailbox: PATH.optional(),
  cursor: z.string().optional(),
});

/**
 * To be added before `messages/:uid`, which would take `expunged` for a UID. Owners are refused by
 * the core.
 */
export function addUnexpungeRoutes(routes: AccountRoutes): void {
  const listing = { query: { ...PLACE, limit: LIMIT, cursor: AFTER_UID } };
  routes.route('GET', 'messages/expunged', listing, async ({ context, query, open }) => {
    const page = { afterUid: query.cursor, limit: query.limit };
    const request = await open();
    const { entries, nextAfterUid } = await requestExpunged(request, placeIn(query), page);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    const ids = entries.flatMap(({ expunged }) => expunged?.expungedBy ?? []);
    const shown = await shownAddresses(request.ports.rows, ids);
    return context.json({ items: entries.flatMap((entry) => toItem(entry, shown)), ...next });
  });

  const bringing = { query: DRY_RUN, body: UNEXPUNGE };
  routes.route('POST', 'messages/unexpunge', bringing, async ({ context, query, body, open }) => {
    const { cursor, ...rest } = body as UnexpungeRequest;
    const afterUid = cursor === undefined ? 0 : readUid(cursor);
    const wanted = { ...rest, dryRun: query.dryRun };
    const { nextAfterUid, ...done } = await requestUnexpunge(await open(), wanted, afterUid);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ ...done, ...next } satisfies UnexpungeAnswer);
  });

  const ending = { query: DRY_RUN, body: PURGE };
  routes.route(
    'POST',
    'messages/purge-expunged',
    ending,
    async ({ context, query, body, open }) => {
      const { cursor, ...rest } = body as PurgeExpungedRequest;
      const from = cursor === undefined ? undefined : readPlace(cursor);
      const wanted = { ...rest, dryRun: query.dryRun };
      const { next: place, ...done } = await requestPurgeExpunged(await open(), wanted, from);
      const next = place === undefined ? {} : { next: placeCursor(place) };
      return context.json({ ...done, ...next } satisfies PurgeExpungedAnswer);
    },
  );
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
