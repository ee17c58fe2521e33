import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys, registryKeys } from '../../functions/contract/row-layout.ts';
import { claimTree } from '../../functions/core/folders/claim-tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { CrashError, Crashes } from '../models/faulty.ts';
import { PurgedAccounts, USERS } from './purged-accounts.ts';

const [A] = USERS;
const ALL = { olderThanDays: 0 };
const HOUR_MS = 3_600_000;

let purged: PurgedAccounts;
let deletionId: string;

beforeEach(async () => {
  purged = await new PurgedAccounts().furnish([A]);
  ({ deletionId } = await purged.delete(A, 'Old'));
});

const claim = async (by: string, ports = purged.world.ports) =>
  claimTree(ports, await purged.account(A), { deletionId, claim: by }, purged.until());

async function operation(id: string, state: string): Promise<void> {
  const key = registryKeys.operation(id);
  await purged.world.rows.write({ kind: 'put', key, attributes: { state } });
}

describe('the claim of a purge', () => {
  test('W4: is taken once; its own operation finds it, another waits for it', async () => {
    await operation('op-1', 'running');
    expect(await claim('op-1')).toBe(true);
    expect(await claim('op-1')).toBe(true);
    expect(await claim('op-2')).toBe(false);
    expect((await purged.run(ALL)).output).toMatchObject({
      counts: { trees: 0, messages: 0, skipped: 1 },
    });
    await expect(purged.undelete(A, deletionId)).rejects.toMatchObject({ name: 'NotAllowedError' });
  });

  test('O3: is taken over from an operation that has ended, or after 25 hours', async () => {
    await operation('op-1', 'running');
    await claim('op-1');
    purged.world.clock.advance(25 * HOUR_MS - 1);
    expect(await claim('op-2')).toBe(false);
    purged.world.clock.advance(1);
    expect(await claim('op-2')).toBe(true);
    await operation('op-2', 'failed');
    expect((await purged.run(ALL)).output).toMatchObject({ counts: { trees: 1, messages: 18 } });
  });

  test('W6: is not taken on a held account', async () => {
    await purged.hold(A, true);
    await expect(claim('op-1')).rejects.toMatchObject({ name: 'AccountHeldError' });
    expect((await purged.trees(A))[0]?.state).toBe('deleted');
  });

  test('W4: of a restore and a purge one wins, and the tree is wholly one or the other', async () => {
    const wins = new Set<string>();
    const later = async (turns: number) => {
      for (let idle = 0; idle < turns; idle += 1) await Promise.resolve();
      return await purged.undelete(A, deletionId);
    };
    for (let round = 0; round < 40; round += 1) {
      purged = await new PurgedAccounts().furnish([A]);
      ({ deletionId } = await purged.delete(A, 'Old'));
      const [restored] = await Promise.allSettled([later(round * 6), purged.run(ALL)]);
      wins.add(restored.status);
      const shown = await Promise.all(
        ['Old', 'Old/a', 'Old/b'].map((path) => purged.show(A, path)),
      );
      const messages = shown.flat().length;
      expect(messages).toBe(restored.status === 'fulfilled' ? 18 : 0);
      expect((await purged.trees(A))[0]?.state).toBe(messages === 18 ? 'restored' : 'purged');
    }
    expect([...wins].toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('W4: an undelete of what the purge has left brings back exactly that', async () => {
    await purged.run({ user: A, ...ALL }, { crash: { call: 8, point: 'after' } });
    expect((await purged.trees(A))[0]?.state).toBe('purged');
    purged.deployment = {
      ...purged.deployment,
      mailboxes: { 'Kept/x': { deletedRetentionDays: 'never' } },
    };
    const account = await purged.account(A);
    await createMailbox(purged.world.ports, account, 'Kept/x');
    await purged.deliver(A, 'Kept/x', 4);
    const kept = await purged.delete(A, 'Kept');
    await purged.run(ALL, { execution: 'second' });
    expect(await purged.undelete(A, kept.deletionId)).toMatchObject({ mailboxes: 1, messages: 4 });
    expect(await purged.show(A, 'Kept/x')).toHaveLength(4);
    expect(await purged.show(A, 'Kept')).toEqual([]);
  });
});

describe('a large tree that a crash has left on the move', () => {
  test('F5: is moved to its end first, then purged', async () => {
    const account = await purged.account(A);
    for (let index = 0; index < 70; index += 1) {
      await createMailbox(purged.world.ports, account, `Kept/${index}`);
    }
    const process = new Crashes({ call: 3, point: 'after' });
    const ports = process.wrapAll({ ...purged.world.ports });
    await expect(purged.delete(A, 'Kept', ports)).rejects.toThrow(CrashError);
    const trees = await purged.trees(A);
    expect(trees.map(({ state }) => state).toSorted()).toEqual(['deleted', 'moving']);
    const run = await purged.run(ALL);
    expect(run.output).toMatchObject({ counts: { trees: 2, mailboxes: 74, messages: 24 } });
    const { accountId, moves } = await purged.account(A);
    expect(moves).toBeUndefined();
    const deleted = await purged.world.rows.query({
      table: 'dictmap',
      pk: dictmapKeys.tree(accountId, '').pk,
      sk: { prefix: 'deleted#' },
      limit: 10,
    });
    expect(deleted.rows).toEqual([]);
    expect((await purged.states(A)).filter((one) => one.endsWith('deleted'))).toEqual([]);
  });
});
