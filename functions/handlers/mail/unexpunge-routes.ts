/** What was expunged in place: listed, brought back, ended early. */
import type { Hono } from 'hono';
import { z } from 'zod';
import { decodeCursor, encodeCursor, wrongCursor } from '../../adapters/cursors.ts';
import { UID_MAX } from '../../contract/limits.ts';
import type {
  ExpungedItem,
  PurgeExpungedAnswer,
  PurgeExpungedRequest,
  UnexpungeAnswer,
  UnexpungeRequest,
} from '../../contract/unexpunge-api.ts';
import type { Entry } from '../../core/messages/entries.ts';
import { type PurgePlace, requestPurgeExpunged } from '../../core/requests/purge-expunged.ts';
import { requestExpunged, requestUnexpunge } from '../../core/requests/unexpunge-request.ts';
import { type DoorEnv, PAGE, queryNumber, readBody } from '../../runtime/door.ts';
import { type OpenRequest, placeIn } from './open-request.ts';

const PATH = z.string('allowed is the name of a mailbox');

/** A century is beyond anyone's mistake, and keeps times what a date can be. */
const DAYS_MAX = 36_500;
const DAY_SECONDS = 86_400;

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
  dryRun: z.boolean().optional(),
});

const PURGE = z.strictObject({
  olderThanDays: z.int('allowed is a whole number of days').min(0).max(DAYS_MAX),
  mailbox: PATH.optional(),
  cursor: z.string().optional(),
  dryRun: z.boolean().optional(),
});

/**
 * To be added before `messages/:uid`, which would take `expunged` for a UID.
 * @param base path of an account, for owners (who are refused) or for administrators
 */
export function addUnexpungeRoutes(door: Hono<DoorEnv>, base: string, open: OpenRequest): void {
  door.get(`${base}/messages/expunged`, async (context) => {
    const page = {
      afterUid: queryNumber(context, 'cursor', { fallback: 0, min: 0, max: UID_MAX }),
      limit: queryNumber(context, 'limit', PAGE),
    };
    const request = await open(context);
    const { entries, nextAfterUid } = await requestExpunged(request, placeIn(context), page);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ items: entries.flatMap(toItem), ...next });
  });

  door.post(`${base}/messages/unexpunge`, async (context) => {
    const { cursor, ...body } = (await readBody(context, UNEXPUNGE)) as UnexpungeRequest;
    const afterUid = cursor === undefined ? 0 : readUid(cursor);
    const { nextAfterUid, ...done } = await requestUnexpunge(await open(context), body, afterUid);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ ...done, ...next } satisfies UnexpungeAnswer);
  });

  door.post(`${base}/messages/purge-expunged`, async (context) => {
    const { cursor, ...body } = (await readBody(context, PURGE)) as PurgeExpungedRequest;
    const from = cursor === undefined ? undefined : readPlace(cursor);
    const { next: place, ...done } = await requestPurgeExpunged(await open(context), body, from);
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

function toItem({ message, expunged }: Entry): ExpungedItem[] {
  if (expunged === undefined) return [];
  const { from, to, subject } = message.envelope;
  const { expungedAt, expiresAt, expungedBy } = expunged;
  return [
    {
      uid: message.uid,
      guid: message.guid,
      expungedAt: new Date(expungedAt).toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
      ...(expungedBy === undefined ? {} : { expungedBy }),
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
