/**
 * The proof: every prefix and partition that the plan knows, and the account partition, are listed
 * again, strongly consistent. Nothing counts as erased because it was deleted; only because a
 * listing does not show it.
 */
import type { Counts } from '../../contract/api.ts';
import type { RoundPayload, VerifyAnswer } from '../../contract/payloads.ts';
import { accountPartition, registryKeys } from '../../contract/row-layout.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import { sumCounts } from '../operations/progress.ts';
import { numbers } from '../rows/attributes.ts';
import { inGroups, inParallel } from '../rows/parallel.ts';
import { classesOf, noteClasses } from './account-classes.ts';
import {
  type ErasurePorts,
  type ErasureSettings,
  requirePart,
  type Until,
} from './erasure-ports.ts';
import { startNextRound } from './rounds.ts';
import { fixedTargets, type Target, targetsAlong } from './targets.ts';
import { VerificationCursor } from './verification-cursor.ts';

/** Listings in flight: 16 of some 30 ms look at 500 targets a second. */
const PARALLEL_LISTINGS = 16;

/** Targets looked at between two looks at the clock, and between two saves of the cursor. */
const CHUNK_TARGETS = 256;

/**
 * Lists everything once; what it finds starts the next round.
 * @throws SupersededError
 */
export async function verifyErasure(
  ports: ErasurePorts,
  settings: ErasureSettings,
  payload: RoundPayload,
  until: Until,
): Promise<VerifyAnswer> {
  const { operation: context, round } = payload;
  await enterStep(ports, context, 'Verify erasure');
  if ((await noteClasses(ports, context)) !== round) return { outcome: 'nextRound' };
  const classes = await classesOf(ports.rows, settings.classes, context.operationId);
  const fixed: Target[] = [
    { kind: 'rows', pk: accountPartition(context.accountId), counter: 'accountRows' },
    ...fixedTargets(context.accountId, classes),
  ];
  const cursor = await VerificationCursor.open(ports, context, round);
  const stride = { first: cursor.next, step: 1 };
  const targets = targetsAlong(ports.rows, context.operationId, fixed, stride);
  for await (const chunk of inGroups(targets, CHUNK_TARGETS)) {
    if (ports.clock.now() >= until) return { outcome: 'again' };
    const looks = await inParallel(chunk, PARALLEL_LISTINGS, (target, place) =>
      lookAt(ports, target, until, place === 0 ? cursor.after : undefined),
    );
    // Time ran out at a target: what lies behind it is looked at again after it.
    const open = looks.findIndex(({ after }) => after !== undefined);
    const done = open < 0 ? looks : looks.slice(0, open);
    const found = sumCounts(done.map((look) => look.found));
    await cursor.advance(done.length, found, looks[open]?.after);
    if (open >= 0) return { outcome: 'again' };
  }
  const total = Object.values(cursor.found).reduce((sum, count) => sum + count, 0);
  if (total > 0) {
    return await startNextRound(ports, context, round, JSON.stringify(cursor.found));
  }
  await recordClean(ports, payload, fixed, cursor);
  return { outcome: 'clean' };
}

interface Look {
  readonly found: Counts;
  /** Where the list goes on: time ran out before anything was found, or the end was seen. */
  readonly after?: string;
}

interface TargetListing {
  readonly entries: readonly unknown[];
  readonly next?: string;
}

/**
 * What the first page of a target that has any entry shows; nothing when the list ends without one.
 * Only a page without a successor is the last: AWS says no more than that pages may hold fewer.
 */
async function lookAt(
  ports: ErasurePorts,
  target: Target,
  until: Until,
  from: string | undefined,
): Promise<Look> {
  let after = from;
  do {
    const { entries, next }: TargetListing = await targetPage(ports, target, after);
    if (entries.length > 0) return { found: { [counterOf(target)]: entries.length } };
    after = next;
  } while (after !== undefined && ports.clock.now() < until);
  return after === undefined ? { found: {} } : { found: {}, after };
}

function counterOf(target: Target): string {
  if (target.kind === 'rows') return target.counter;
  return target.kind === 'versions' ? 'objectVersions' : 'multipartUploads';
}

async function targetPage(
  { objects, rows }: ErasurePorts,
  target: Target,
  after: string | undefined,
): Promise<TargetListing> {
  if (target.kind === 'versions') return await objects.listVersions(target.prefix, after);
  if (target.kind === 'uploads') return await objects.listUploads(target.prefix, after);
  const { rows: entries, ...page } = await rows.query({
    table: 'dictmap',
    pk: target.pk,
    limit: 100,
    keysOnly: true,
    ...(after === undefined ? {} : { after }),
  });
  return { ...page, entries };
}

/**
 * Leaves on the operation what was listed and when: the certificate says no more than this. Not once
 * the round is over: what the next one lists must not be written over by a delivery that comes late.
 */
async function recordClean(
  ports: ErasurePorts,
  { operation: context, round }: RoundPayload,
  fixed: readonly Target[],
  { next, startedAt }: VerificationCursor,
): Promise<void> {
  const ofBucket = fixed.filter(({ kind }) => kind !== 'rows').length;
  const verified = {
    prefixesListed: fixed.filter(({ kind }) => kind === 'versions').length,
    partitionsListed: next - ofBucket,
    startedAt,
    at: ports.clock.now(),
    round,
  };
  await ports.rows.write(updateWrite(context, { verified }, { round }));
}

export type Verified = Readonly<Record<string, number>>;

/** What the verification recorded, and of which round; a certificate is made of nothing else (U7). */
export async function readVerified(
  ports: Pick<ErasurePorts, 'rows'>,
  operationId: string,
): Promise<Verified> {
  const row = await ports.rows.get(registryKeys.operation(operationId));
  const verified = numbers(requirePart(row, 'operation row'), 'verified');
  requirePart(verified['at'], 'record of a clean verification');
  return verified;
}
