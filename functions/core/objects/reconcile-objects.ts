/**
 * Rows decide, S3 follows: makes the objects of one row what the row, read now, says. Safe to run
 * late, twice and at once, and after a crash at any point, because nothing is taken from what woke
 * it but the key of the row.
 *
 * A missing row never causes a deletion (W5): only one that is read as `expunged` or `purging`
 * does, and nothing ever returns to live (W4). This and erasure alone remove versions.
 */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import { type RowKey, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { LetheError, StoreBusyError } from '../errors.ts';
import { KEPT_LINKS } from '../messages/blob.ts';
import type { ObjectStore, ObjectVersion } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, Write } from '../ports/row-store.ts';
import { number, numbers, text, textSet } from '../rows/attributes.ts';
import { type FollowedRow, followedRow, objectOf, type RowObject } from './row-object.ts';

export type ReconcilePorts = Pick<Ports, 'rows' | 'objects' | 'clock'>;

/**
 * `marked`: a delete marker was placed. `lifted`: one was removed. `removed`: bytes and row are gone. `nothing`: the row asks
 * for nothing, or S3 is as it says already.
 */
export type Reconciled = 'marked' | 'lifted' | 'removed' | 'nothing';

/** Readings of one row: each time something else changed it between reading and writing. */
const TRIES_MAX = 5;

/** What S3 may answer for one version of a removal, and means "later". */
const LATER: ReadonlySet<string> = new Set(['InternalError', 'ServiceUnavailable', 'SlowDown']);

/**
 * Makes S3 follow the row of this key.
 * @throws StoreBusyError later it may work
 * @throws ObjectBlockedError S3 refuses
 * @throws TypeError the row is damaged: nothing was deleted
 */
export async function reconcileObjects(ports: ReconcilePorts, key: RowKey): Promise<Reconciled> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const row = await ports.rows.get(key);
    const result = row === undefined ? 'nothing' : await follow(ports, row);
    if (result !== 'lost') return result;
  }
  throw new StoreBusyError(`others changed a row ${TRIES_MAX} times while S3 was to follow it`);
}

async function follow(ports: ReconcilePorts, row: Row): Promise<Reconciled | 'lost'> {
  const followed = followedRow(row.key);
  switch (followed?.kind) {
    case 'message':
      return await followMessage(ports, row, followed);
    case 'blob':
      return await followBlob(ports, row, followed);
    case 'opaque':
      return await followOpaque(ports, row, followed);
    default:
      return 'nothing';
  }
}

/** Of a message that was ever copied the blob row alone decides (B1). */
async function followMessage(
  ports: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
): Promise<Reconciled | 'lost'> {
  const state = text(row, 'state');
  const copied = row.attributes['copied'] === true;
  if (state === 'expunged') {
    if (copied) return 'nothing';
    const kept = row.attributes['protectedAt'] !== undefined;
    return kept ? await lift(ports, row, followed) : await mark(ports, row, followed);
  }
  if (state !== 'purging') return 'nothing';
  if (copied) throw new TypeError(`damaged row (${row.key.pk}): purging, although it was copied`);
  return await purge(ports, row, objectOf(row, followed));
}

/**
 * A live link keeps the bytes as they are; an expunged one that has not expired keeps them behind a
 * marker; where no link counts any more they go. The revision guards the decision: a copy, restore
 * or expunge that comes between fails it, or is failed by it.
 */
async function followBlob(
  ports: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
): Promise<Reconciled | 'lost'> {
  const state = text(row, 'state');
  if (state === 'purging') return await purge(ports, row, objectOf(row, followed));
  if (state !== 'live') throw new TypeError(`damaged row (${row.key.pk}): state of a blob`);
  if (textSet(row, 'live').size > 0) return 'nothing';
  if (textSet(row, KEPT_LINKS).size > 0) return await lift(ports, row, followed);
  const now = ports.clock.now();
  const ends = Object.values(numbers(row, 'expunged'));
  if (ends.some((end) => end === 0 || end > now)) return await mark(ports, row, followed);
  return await turnPurging(ports, row, followed, ends.length > 0);
}

/**
 * Ends a blob that no link counts for any more. Where links have expired by the clock, a hold may
 * have come before that, and its walk not have met them yet: then they still count (W6), and it
 * stops their clocks. What stays for no hold goes by the clocks of TTL and lifecycle.
 * @param byClock whether there are such links; otherwise somebody has ended each of them
 */
async function turnPurging(
  ports: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
  byClock: boolean,
): Promise<Reconciled | 'lost'> {
  const object = objectOf(row, followed);
  const revision = number(row, 'revision');
  const turn = {
    kind: 'update',
    key: row.key,
    guard: { row: 'present', equals: { state: 'live', revision } },
    // Without its TTL the row stays until the bytes are gone.
    change: { set: { state: 'purging', revision: revision + 1 }, unset: [TTL_ATTRIBUTE] },
  } as const satisfies Write;
  const unheld: Write = {
    kind: 'check',
    key: registryKeys.account(followed.accountId),
    guard: { row: 'present', without: ['hold'] },
  };
  const turned = byClock ? await ports.rows.transact([unheld, turn]) : await ports.rows.write(turn);
  if (turned.outcome === 'written') return await purge(ports, row, object);
  const isHeld =
    byClock && turned.outcome === 'refused' && turned.refusals.some(({ index }) => index === 0);
  return isHeld ? 'nothing' : 'lost';
}

async function followOpaque(
  ports: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
): Promise<Reconciled | 'lost'> {
  if (text(row, 'state') !== 'purging') return 'nothing';
  return await purge(ports, row, objectOf(row, followed));
}

async function mark(
  { objects }: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
): Promise<Reconciled> {
  return (await objects.placeMarker(objectOf(row, followed).objectKey)) ? 'marked' : 'nothing';
}

/** The bytes show again, so that no lifecycle reaches them: their row says that they are kept. */
async function lift(
  { objects }: ReconcilePorts,
  row: Row,
  followed: FollowedRow,
): Promise<Reconciled> {
  const { objectKey: key, versionId } = objectOf(row, followed);
  const versions = await objects.versionsOf(key);
  const [latest] = versions;
  const isThere = versions.some((version) => version.versionId === versionId);
  if (latest?.deleteMarker !== true || !isThere) return 'nothing';
  const markers = versions.filter(({ deleteMarker }) => deleteMarker);
  await removeOrFail(objects, markers);
  return 'lifted';
}

/** First the bytes, then the row that names them: a crash between is made good by the next run. */
async function purge(
  { rows, objects }: ReconcilePorts,
  row: Row,
  object: RowObject,
): Promise<Reconciled | 'lost'> {
  await removeBytes(objects, object);
  const removed = await rows.write({
    kind: 'remove',
    key: row.key,
    guard: { row: 'present', equals: { state: 'purging', ...object.identity } },
  });
  if (removed.outcome === 'written') return 'removed';
  // Gone: by another run, by erasure, or by a first try of this removal whose answer was lost.
  const gone =
    removed.outcome === 'refused' && removed.refusals.every(({ row: left }) => left === undefined);
  return gone ? 'removed' : 'lost';
}

/**
 * The version that the row names, then a marker for what may come to light under it: a PUT whose
 * answer was lost was sent twice and left two versions, and rows of opaque objects that were written
 * before versions were noted name none. Lifecycle removes what is hidden. Mostly there is nothing to
 * hide, and a DELETE is free.
 */
async function removeBytes(objects: ObjectStore, object: RowObject): Promise<void> {
  const { objectKey: key, versionId } = object;
  const removed = versionId === undefined ? [] : [{ key, versionId }];
  await removeOrFail(objects, removed);
  await objects.placeMarker(key);
}

/** @throws StoreBusyError, ObjectBlockedError */
async function removeOrFail(
  objects: ObjectStore,
  versions: readonly ObjectVersion[],
): Promise<void> {
  for (const { code } of await objects.removeVersions(versions)) {
    if (LATER.has(code)) throw new StoreBusyError(`removing bytes: ${code}`);
    throw new LetheError(
      ERROR_NAMES.objectBlocked,
      `S3 refuses to remove a version: ${code}`,
      'Remove the cause (a permission, a lock), then redrive the dead-letter queue.',
    );
  }
}
