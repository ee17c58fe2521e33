/** What a purge that is late does to what others have taken over meanwhile. */
import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { claimTree } from '../../functions/core/folders/claim-tree.ts';
import type { Write } from '../../functions/core/ports/row-store.ts';
import { deletedWork, isOf, never, portsWith } from './deleted-work.ts';
import type { FolderDesk } from './folder-desk.ts';

let desk: FolderDesk;
let deletionId: string;

beforeEach(async () => {
  ({ desk, deletionId } = await deletedWork());
});

const tree = async () => (await desk.trees())[0];

describe('a purge that is late', () => {
  const endsMail = (writes: readonly Write[]): boolean =>
    writes.some((write) => write.kind === 'update' && (write.change.add?.['messages'] ?? 0) < 0);

  test('W4: ends nothing under a claim that another has taken over, nor gives that back', async () => {
    const { rows } = desk.world;
    const ports = portsWith(desk, endsMail, async () => {
      expect(
        await claimTree(
          desk.ports,
          await desk.account(),
          { deletionId, claim: 'op-2' },
          desk.deadline,
        ),
      ).toBe(true);
    });
    const late = desk.purge((await tree()) ?? never(), 'op-1', { ports });
    await expect(late).rejects.toMatchObject({ name: 'SupersededError' });
    expect(await tree()).toMatchObject({ state: 'purging', claim: 'op-2', messages: 3 });
    expect(
      rows.rows('dictmap').filter(({ attributes }) => attributes['state'] === 'live'),
    ).toHaveLength(3);
  });

  test('W8: leaves counts that an undelete on its way reads again', async () => {
    const { rows } = desk.world;
    const { accountId } = await desk.account();
    // As a purge does that has ended one message and gives the tree back.
    const ports = portsWith(desk, isOf('path'), async () => {
      const work = rows.rows('dictmap').find(({ attributes }) => {
        return attributes['type'] === 'mailbox' && attributes['path'] === 'Work';
      });
      const change = { add: { messages: -1 } };
      const keys = [dictmapKeys.tree(accountId, deletionId), work?.key ?? never()];
      for (const key of keys) {
        await rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
      }
    });
    expect(await desk.bringBack(deletionId, { ports })).toMatchObject({ messages: 2 });
    expect(await tree()).toMatchObject({ state: 'restored', mailboxes: 0, messages: 0 });
  });

  test('W4: that fails at its record gives back no folder of which nothing is left', async () => {
    const isRecord = (writes: readonly Write[]): boolean =>
      writes.some((write) => write.kind === 'update' && write.change.set?.['state'] === 'purged');
    const ports = portsWith(desk, isRecord, () => Promise.reject(new Error('out of order')));
    const failing = desk.purge((await tree()) ?? never(), 'op-1', { ports });
    await expect(failing).rejects.toThrow('out of order');
    expect(await tree()).toMatchObject({ state: 'purging', mailboxes: 0 });
    const next = await desk.purge((await tree()) ?? never(), 'op-2');
    expect(next).toMatchObject({ outcome: 'purged', mailboxes: 0 });
    expect(await tree()).toMatchObject({ state: 'purged' });
  });
});
