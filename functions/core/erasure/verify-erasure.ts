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
  const fixed: Target[] = [
    { kind: 'rows', pk: accountPartition(context.accountId), counter: 'accountRows' },
    ...fixedTargets(context.accountId, settings.classes),
  ];
  const cursor = await VerificationCursor.open(ports, context, round);
  const stride = { first: cursor.next, step: 1 };
  const targets = targetsAlong(ports.rows, context.operationId, fixed, stride);
  for await (const chunk of inGroups(targets, CHUNK_TARGETS)) {
    if (ports.clock.now() >= until) return { outcome: 'again' };
    const found = await inParallel(chunk, PARALLEL_LISTINGS, (target) => lookAt(ports, target));
    await cursor.advance(chunk.length, sumCounts(found));
  }
  const total = Object.values(cursor.found).reduce((sum, count) => sum + count, 0);
  if (total > 0) {
    return await startNextRound(ports, context, round, JSON.stringify(cursor.found));
  }
  await recordClean(ports, context, fixed, cursor);
  return { outcome: 'clean' };
}

/** What the first page of a target shows; nothing when it is empty. */
async function lookAt(ports: ErasurePorts, target: Target): Promise<Counts> {
  switch (target.kind) {
    case 'versions': {
      const { entries } = await ports.objects.listVersions(target.prefix);
      return entries.length === 0 ? {} : { objectVersions: entries.length };
    }
    case 'uploads': {
      const { entries } = await ports.objects.listUploads(target.prefix);
      return entries.length === 0 ? {} : { multipartUploads: entries.length };
    }
    case 'rows':
      return await lookAtRows(ports, target.pk, target.counter);
  }
}

async function lookAtRows(ports: ErasurePorts, pk: string, counter: string): Promise<Counts> {
  let after: string | undefined;
  do {
    const page = await ports.rows.query({
      table: 'dictmap',
      pk,
      limit: 100,
      keysOnly: true,
      ...(after === undefined ? {} : { after }),
    });
    if (page.rows.length > 0) return { [counter]: page.rows.length };
    after = page.next;
  } while (after !== undefined);
  return {};
}

/** Leaves on the operation what was listed and when: the certificate says no more than this. */
async function recordClean(
  ports: ErasurePorts,
  context: RoundPayload['operation'],
  fixed: readonly Target[],
  { next, startedAt }: VerificationCursor,
): Promise<void> {
  const ofBucket = fixed.filter(({ kind }) => kind !== 'rows').length;
  const verified = {
    prefixesListed: fixed.filter(({ kind }) => kind === 'versions').length,
    partitionsListed: next - ofBucket,
    startedAt,
    at: ports.clock.now(),
  };
  await ports.rows.write(updateWrite(context, { verified }));
}

/** What the verification recorded; a certificate is made of nothing else (U7). */
export async function readVerified(
  ports: Pick<ErasurePorts, 'rows'>,
  operationId: string,
): Promise<Readonly<Record<string, number>>> {
  const row = await ports.rows.get(registryKeys.operation(operationId));
  const verified = numbers(requirePart(row, 'operation row'), 'verified');
  requirePart(verified['at'], 'record of a clean verification');
  return verified;
}
