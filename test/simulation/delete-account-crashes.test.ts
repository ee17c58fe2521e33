import { beforeAll, describe, expect, test } from 'vitest';
import type { Certificate } from '../../functions/core/evidence/certificate.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { allBut, leftOf } from './leftovers.ts';
import { furnish } from './mail.ts';
import { CLASSES, type RunOptions, World } from './world.ts';

const USER = 'a@x.co';

interface End {
  readonly left: readonly string[];
  readonly others: unknown;
  readonly erased: Certificate['erased'];
  readonly foundByRound: Certificate['verification']['foundByRound'];
  readonly registry: readonly string[];
  readonly changes: number;
}

/** One whole deletion from the same beginning; a run that fails is started again, as by resume. */
async function runToEnd(options: RunOptions): Promise<End> {
  const world = new World({ pageEntries: 5 });
  const { accountId } = await furnish(world.ports, CLASSES, USER, 8);
  await furnish(world.ports, CLASSES, 'a@x.com', 3);
  world.objects.startUpload(`uploads/${accountId}/0`);
  for (const { key } of world.objects.versions().slice(0, 6)) {
    if (key.includes(accountId)) world.objects.deleteMarker(key);
  }
  const run = await world.run({ user: USER }, options);
  if (run.status !== 'SUCCEEDED') throw new Error(`${run.error}: ${run.cause}`);
  const { operation } = run.output as { operation: { operationId: string } };
  const signed = await readCertificate(world.ports, operation.operationId);
  const payload = Buffer.from(signed.payload, 'base64url').toString();
  const { erased, verification } = JSON.parse(payload) as Certificate;
  return {
    left: leftOf(world, accountId),
    others: allBut(world, accountId),
    erased,
    foundByRound: verification.foundByRound,
    registry: registryStates(world, accountId),
    changes: world.changes,
  };
}

/** Keys and states of what remains in the registry: tombstone, operation, plan, progress. */
const registryStates = (world: World, accountId: string): string[] =>
  world.rows
    .rows('registry')
    .filter(({ key }) => key.pk.includes(accountId) || key.pk.startsWith('operation#'))
    .map(({ key, attributes }) => `${key.pk} ${key.sk} ${String(attributes['state'] ?? '')}`)
    // A first step that crashed before it opened the operation gives it another random id.
    .map((line) => line.replace(/op-[0-9a-f]+/g, 'op'));

let clean: End;

beforeAll(async () => {
  clean = await runToEnd({});
});

describe('U5: whatever happens to a step, the end is the same', () => {
  test('U5: the run that everything is compared with erases something and changes a lot', () => {
    expect(clean.left).toEqual([]);
    expect(clean.erased['objectVersions']).toBeGreaterThan(20);
    expect(clean.changes).toBeGreaterThan(40);
  });

  test.each(CRASH_POINTS)('U5: a crash %s any change of any step', async (point) => {
    for (let call = 1; call <= clean.changes; call += 1) {
      const { changes: _, ...end } = await runToEnd({ crash: { call, point } });
      const { changes: __, ...expected } = clean;
      expect({ call, ...end }).toEqual({ call, ...expected });
    }
  });

  test.each(['inTurn', 'atOnce'] as const)('U5: each step delivered twice, %s', async (twice) => {
    const end = await runToEnd({ twice });
    expect(end.left).toEqual([]);
    expect(end.others).toEqual(clean.others);
    expect(end.foundByRound).toEqual(clean.foundByRound);
    expect(end.registry).toEqual(clean.registry);
    expect(end.erased).toEqual(clean.erased);
  });
});
