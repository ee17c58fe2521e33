/** Shells: rows of mailboxes that are gone, kept while anything lies in their partitions. */

import { describe, expect, test } from 'vitest';
import { bucketOf, dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import type { SweepConfig } from '../../../../functions/core/autoexpunge/sweep-context.ts';
import { sweepDue } from '../../../../functions/core/autoexpunge/sweep-due.ts';
import { deleteNow } from '../../../../functions/core/folders/delete-now.ts';
import { newBucket } from '../../../../functions/core/mailboxes/bucket-directory.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { readMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { duePartition } from '../../../../functions/core/policies/due.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { dueShards } from '../../../../functions/core/walks/walk-shard.ts';
import { interrupted } from '../interrupted.ts';
import { RETENTION_DAYS, SweptAccount } from './swept-account.ts';

const DAY_MS = 86_400_000;
const LAZY = { lazyExpunge: '.EXPUNGED' };
const CONFIG: SweepConfig = {
  deployment: LAZY,
  retentionDays: RETENTION_DAYS,
  parallelAccounts: 2,
};

/** An account whose mailbox Work is deleted, with so many messages, which are in the storage. */
async function desk(messages = 2) {
  const own = await SweptAccount.make(LAZY);
  const { world, account } = own;
  const { mailboxId } = await createMailbox(world.ports, account, 'Work');
  const texts = Array.from({ length: messages }, (_, index) => `m${index}`);
  await own.deliver('Work', ...texts);
  await deleteNow(world.ports, own.context, { mailbox: await own.box('Work') }, own.until());
  return {
    own,
    world,
    mailboxId,
    /** Sweeps what is due, as the schedule does; how many mailboxes it has done. */
    sweep: async (ports: Ports = world.ports, dryRun = false) => {
      let done = 0;
      for (const shard of await dueShards(world.rows, world.clock.now(), duePartition)) {
        const payload = { part: { kind: 'due', shard }, dryRun, progress: null } as const;
        const answer = await sweepDue(ports, CONFIG, payload, own.until());
        expect(answer.progress.report.failures).toEqual([]);
        done += answer.progress.report.mailboxes;
      }
      return done;
    },
    shell: () => readMailbox(world.rows, mailboxId),
    /** Days until its due entry. */
    dueIn: async () => {
      const { dueSk = '' } = (await readMailbox(world.rows, mailboxId)) ?? {};
      return (Date.parse(dueSk) - world.clock.now()) / DAY_MS;
    },
    /** As TTL does. */
    lose: (uid: number) =>
      world.rows.write({ kind: 'remove', key: dictmapKeys.message(mailboxId, uid) }),
    change: (uid: number, set: Record<string, string>, unset: readonly string[] = []) =>
      world.rows.write({
        kind: 'update',
        key: dictmapKeys.message(mailboxId, uid),
        guard: { row: 'present' },
        change: { set, unset },
      }),
  };
}

describe('sweeping shells', () => {
  test('X1: it stays while expunged mail lies in it, three days longer than the last of it', async () => {
    const { world, sweep, shell, dueIn, own } = await desk();
    expect(await sweep()).toBe(0);
    world.clock.advance(3 * DAY_MS);
    expect(await sweep()).toBe(1);
    expect(await shell()).toMatchObject({ state: 'shell' });
    expect(await dueIn()).toBe(30);
    expect(await sweep()).toBe(0);
    expect(await own.show('.EXPUNGED')).toEqual(['1 m0', '2 m1']);
  });

  test('it goes when its partitions list empty, and no sooner', async () => {
    const { world, sweep, shell, dueIn, lose } = await desk();
    world.clock.advance(34 * DAY_MS);
    await lose(1);
    await sweep();
    expect(await dueIn()).toBe(1);
    await lose(2);
    world.clock.advance(DAY_MS);
    expect(await sweep(world.ports, true)).toBe(1);
    expect(await shell()).toBeDefined();
    expect(await sweep()).toBe(1);
    expect(await shell()).toBeUndefined();
    expect(await sweep()).toBe(0);
  });

  test('X1: a row in a later partition keeps it; nothing of it stays behind', async () => {
    const { world, mailboxId, sweep, shell, lose } = await desk(1);
    const far = 34_567;
    await lose(1);
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: { uidNext: far + 1, topBucket: bucketOf(far) } },
    });
    await world.rows.write({
      kind: 'put',
      key: dictmapKeys.bucket('bucket', mailboxId, bucketOf(far)),
      attributes: newBucket(mailboxId, bucketOf(far)),
    });
    const late = { v: 1, type: 'message', uid: far, state: 'purging' };
    const key = dictmapKeys.message(mailboxId, far);
    await world.rows.write({ kind: 'put', key, attributes: late });
    world.clock.advance(3 * DAY_MS);
    await sweep();
    expect(await shell()).toBeDefined();
    await lose(far);
    await world.rows.write({
      kind: 'put',
      key: dictmapKeys.flagged(mailboxId, 3),
      attributes: { v: 1, type: 'flagged', revision: 1, uids: new Set(['1']) },
    });
    world.clock.advance(DAY_MS);
    await sweep();
    expect(await shell()).toBeUndefined();
    const left = world.rows.rows('dictmap').filter(({ key }) => key.sk.includes(mailboxId));
    expect(left).toEqual([]);
  });

  test.each([
    ['what is on its way out', 'purging', 1],
    ['what never ends by itself', 'expunged', 30],
  ])('%s: it comes back after so many days', async (_, state, days) => {
    const { world, sweep, dueIn, change } = await desk(1);
    await change(1, { state }, ['expiresAt', 'ttl']);
    world.clock.advance(3 * DAY_MS);
    await sweep();
    expect(await dueIn()).toBe(days);
  });

  test('W6: under a hold it stays, also when that comes in the very moment', async () => {
    const { own, world, sweep, shell, lose } = await desk(1);
    await lose(1);
    world.clock.advance(3 * DAY_MS);
    const rows = interrupted(world.rows, () => own.hold());
    expect(await sweep({ ...world.ports, rows })).toBe(0);
    expect(await sweep()).toBe(0);
    expect(await shell()).toBeDefined();
  });
});
