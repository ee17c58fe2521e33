/** Only-last-instance beside deleted folders: what lies in them is no instance. */
import { describe, expect, test } from 'vitest';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import { readAccount } from '../../../../functions/core/accounts/accounts.ts';
import { sweepableCheck } from '../../../../functions/core/accounts/while-active.ts';
import { deleteTree } from '../../../../functions/core/folders/delete-tree.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { SweptAccount } from '../autoexpunge/swept-account.ts';
import { interrupted } from '../interrupted.ts';

const LAST_ONLY = { lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: true };

/** An account with a message in the INBOX, and further instances of it in Archive and Work. */
async function desk() {
  const own = await SweptAccount.make(LAST_ONLY);
  const { world, account } = own;
  const { accountId } = account;
  for (const path of ['Archive', 'Work']) {
    await createMailbox(world.ports, (await readAccount(world.rows, accountId)) ?? account, path);
  }
  await own.deliver('INBOX', 'a');
  await own.copy('INBOX', 'Archive', 1);
  await own.copy('INBOX', 'Work', 1);
  const remove = async (path: string) =>
    deleteTree(
      world.ports,
      {
        account,
        settings: own.context.settings,
        path,
        scope: 'tree',
        requestedBy: 'test',
        keepInbox: false,
        check: () => {},
      },
      own.until(),
    );
  return {
    own,
    world,
    remove,
    /** As the first transaction of a large deletion does: the mailbox rows do not know yet. */
    mark: (root: string) =>
      world.rows.write({
        kind: 'update',
        key: registryKeys.account(accountId),
        guard: { row: 'present' },
        change: { set: { moves: { '0-0': { kind: 'delete', root } } }, add: { treeRevision: 1 } },
      }),
    expunge: async (path: string, ports: Ports = world.ports, held = false) => {
      const rider = {
        writes: () => [sweepableCheck(accountId)],
        refused: async () => new Error('fenced'),
      };
      const box = await own.box(path);
      const options = held ? { rider } : {};
      return await expungeMessages(
        { ports, context: own.context, deadline: own.until() },
        box,
        [1],
        options,
      );
    },
    during: (happens: () => Promise<unknown>): Ports => ({
      ...world.ports,
      rows: interrupted(world.rows, happens),
    }),
    links: () => {
      const [blob] = world.rows.rows('dictmap').filter(({ key }) => key.pk.startsWith('blobs#'));
      const live = blob?.attributes['live'];
      return live instanceof Set ? live.size : 0;
    },
  };
}

/** So that the next transaction of an expunge is the one that expunges. */
const makeStorage = (own: SweptAccount) =>
  createMailbox(own.world.ports, own.account, '.EXPUNGED', { role: 'storage' }).catch(() => {});

describe('only-last-instance and deleted folders', () => {
  test('L4: the last instance that is seen goes to the storage, though a deleted folder has one', async () => {
    const { own, remove, expunge, links } = await desk();
    await remove('Work');
    await expunge('INBOX');
    expect(await own.show('.EXPUNGED')).toEqual([]);
    await expunge('Archive');
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
    // The bytes are still those of the deleted folder, too.
    expect(links()).toBe(1);
  });

  test('L4: so it is while a large tree is on its way, of which the mailboxes do not know', async () => {
    const { own, remove, mark, expunge } = await desk();
    await remove('Archive');
    await mark('Work');
    await expunge('INBOX');
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
  });

  test.each([
    ['without', false],
    ['with', true],
  ])(
    'W8: the other folder is deleted in the very moment, %s a check of the account',
    async (_, held) => {
      const { own, remove, expunge, during } = await desk();
      await remove('Archive');
      await makeStorage(own);
      await expunge(
        'INBOX',
        during(() => remove('Work')),
        held,
      );
      expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
    },
  );

  test('W8: the same when it is only marked as going', async () => {
    const { own, remove, mark, expunge, during } = await desk();
    await remove('Archive');
    await makeStorage(own);
    await expunge(
      'INBOX',
      during(() => mark('Work')),
    );
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
  });

  test('W6: a refusal of the account for another reason stays one', async () => {
    const { own, expunge, during } = await desk();
    await makeStorage(own);
    await expect(
      expunge(
        'INBOX',
        during(() => own.hold()),
        true,
      ),
    ).rejects.toThrow('is held');
    expect(await own.show('INBOX')).toEqual(['1 a']);
  });

  test('W5: a link whose mailbox has no row is no instance', async () => {
    const { own, world, remove, expunge } = await desk();
    await remove('Archive');
    const { mailboxId } = await own.box('Work');
    await world.rows.write({ kind: 'remove', key: dictmapKeys.mailbox(mailboxId) });
    await expunge('INBOX');
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
  });
});
