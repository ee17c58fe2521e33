import { beforeEach, describe, expect, test } from 'vitest';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import {
  PURGEABLE_NOTED_MAX,
  purgeableFolders,
} from '../../functions/core/purge/purgeable-folders.ts';
import { requestPurge } from '../../functions/core/purge/request-purge.ts';
import { DAY_MS, PurgedAccounts, USERS } from './purged-accounts.ts';

const [A, B, C] = USERS;
const PAGE = { limit: 500 };

let purged: PurgedAccounts;

beforeEach(async () => {
  purged = await new PurgedAccounts().furnish();
});

/** As the API does it: a request, then the execution of its operation. */
async function dryRun(request: object): Promise<string> {
  const { ports } = purged.world;
  const input = { ...request, dryRun: true };
  const { operationId } = await requestPurge(ports, input, 'anna', purged.until());
  const execution = `${operationId}-1`;
  const run = await purged.run({ operationId, attempt: 1 }, { execution });
  expect(run.status).toBe('SUCCEEDED');
  return operationId;
}

/** Makes so many more deletions of the rows of one. */
async function alike(deletionId: string, count: number): Promise<void> {
  const { rows } = purged.world;
  const own = rows.rows().filter(({ key }) => key.sk.includes(`#${deletionId}`));
  for (let n = 0; n < count; n++) {
    const other = `${deletionId.slice(0, -4)}${String(n).padStart(4, '0')}`;
    for (const { key, attributes } of own) {
      const copy = { ...key, sk: key.sk.replace(deletionId, other) };
      const named = 'deletionId' in attributes ? { deletionId: other } : {};
      await rows.write({ kind: 'put', key: copy, attributes: { ...attributes, ...named } });
    }
  }
}

const folders = async (operationId: string) =>
  (await purgeableFolders(purged.world.rows, operationId, PAGE)).items.toSorted((one, other) =>
    (one.user ?? '') < (other.user ?? '') ? -1 : 1,
  );

describe('O1, F5: a dry run of a purge names what would go for good', () => {
  test('each folder, with its user, messages and bytes; younger and held ones it does not', async () => {
    const { deletionId } = await purged.delete(A, 'Old');
    await purged.delete(B, 'Old/a');
    await purged.delete(C, 'Old');
    await purged.hold(C, true);
    purged.world.clock.advance(8 * DAY_MS);
    await purged.delete(B, 'Kept');
    const operationId = await dryRun({});
    expect(await folders(operationId)).toEqual([
      {
        accountId: (await purged.account(A)).accountId,
        user: A,
        deletionId,
        path: 'Old',
        deletedAt: '2026-11-22T00:00:00.000Z',
        mailboxes: 3,
        messages: 18,
        bytes: expect.any(Number),
      },
      expect.objectContaining({ user: B, path: 'Old/a', mailboxes: 1, messages: 6 }),
    ]);
    expect(await showOperation(purged.world.ports, operationId)).toMatchObject({
      dryRun: true,
      goneForGood: 24,
    });
  });

  test.each(['off', 'in-place'])('L6: whatever an expunge makes of mail: %s', async (mode) => {
    purged.deployment = { lazyExpunge: mode };
    await purged.delete(A, 'Old');
    const operationId = await dryRun({ olderThanDays: 0 });
    expect(await showOperation(purged.world.ports, operationId)).toMatchObject({ goneForGood: 18 });
    const { output } = await purged.run({ olderThanDays: 0 });
    const gone = (output as { readonly operationId: string }).operationId;
    expect(await showOperation(purged.world.ports, gone)).toMatchObject({ goneForGood: 18 });
  });

  test('of a user, of a domain, and of one deletion', async () => {
    await purged.delete(A, 'Old');
    await purged.delete(B, 'Old/a');
    const { deletionId } = await purged.delete(B, 'Old/b');
    await purged.delete(C, 'Old');
    const paths = async (request: object) =>
      (await folders(await dryRun(request))).map(({ user, path }) => `${user} ${path}`);
    expect(await paths({ user: A, olderThanDays: 0 })).toEqual([`${A} Old`]);
    expect(await paths({ domain: 'x.org', olderThanDays: 0 })).toEqual([
      `${A} Old`,
      `${B} Old/a`,
      `${B} Old/b`,
    ]);
    expect(await paths({ user: B, deletionId })).toEqual([`${B} Old/b`]);
  });

  test('of a folder that goes in part, that part', async () => {
    await purged.delete(A, 'Old');
    purged.deployment = { mailboxes: { 'Old/a': { deletedRetentionDays: 'never' } } };
    expect(await folders(await dryRun({ olderThanDays: 0 }))).toMatchObject([
      { path: 'Old', mailboxes: 2, messages: 12 },
    ]);
  });

  test('U7: no name is kept: what has come back or gone since has none', async () => {
    const { deletionId } = await purged.delete(A, 'Old');
    await purged.delete(B, 'Old');
    const operationId = await dryRun({ olderThanDays: 0 });
    const kept = JSON.stringify(
      purged.world.rows.rows().filter(({ key }) => key.pk === `operation#${operationId}`),
    );
    for (const name of ['Old', A, B]) expect(kept).not.toContain(name);
    await purged.undelete(A, deletionId);
    const [first, second] = await folders(operationId);
    expect(first).not.toHaveProperty('path');
    expect(second).toMatchObject({ user: B, path: 'Old' });
  });

  test('what goes is not noted, and says how much is gone for good', async () => {
    await purged.delete(A, 'Old');
    const run = await purged.run({ olderThanDays: 0 });
    const { operationId } = run.output as { readonly operationId: string };
    expect(await folders(operationId)).toEqual([]);
    expect(await showOperation(purged.world.ports, operationId)).toMatchObject({ goneForGood: 18 });
  });

  test('O3: so many of each part are noted, and all are counted', async () => {
    const names = Array.from({ length: PURGEABLE_NOTED_MAX + 2 }, (_, n) => n);
    const { deletionId } = await purged.delete(A, 'Old/a');
    await alike(deletionId, names.length - 1);
    const operationId = await dryRun({ user: A, olderThanDays: 0 });
    const { expected } = await showOperation(purged.world.ports, operationId);
    expect(expected).toMatchObject({ trees: names.length });
    let [found, after] = [0, undefined as string | undefined];
    do {
      const page = { ...PAGE, ...(after === undefined ? {} : { after }) };
      const { items, next } = await purgeableFolders(purged.world.rows, operationId, page);
      found += items.length;
      after = next;
    } while (after !== undefined);
    expect(found).toBe(PURGEABLE_NOTED_MAX);
  });

  test('an operation that is not there has none', async () => {
    await expect(folders('op-0')).rejects.toThrow('there is no operation');
  });
});
