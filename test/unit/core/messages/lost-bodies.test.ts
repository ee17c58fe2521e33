import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { fetchMessage, listMessages } from '../../../../functions/core/messages/read-messages.ts';
import type { Write } from '../../../../functions/core/ports/row-store.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';

let world: World;
let account: Account;
beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

interface Asked {
  readonly key?: string;
  readonly uids?: readonly number[];
}

const deliver = ({ key, uids }: Asked, ports = world.ports) =>
  deliverMessages(
    ports,
    {
      user: USER,
      actor: { kind: 'owner' },
      messages: ['one', 'two', 'three'].map((text, index) => ({
        raw: mail(text),
        ...(uids === undefined ? {} : { uid: uids[index] ?? 0 }),
      })),
      ...(key === undefined ? {} : { idempotency: { key, requestHash: 'h' } }),
    },
    world.clock.now() + 27_000,
  );

/** Objects whose current version is bytes, once S3 has followed the rows. */
async function objectsLeft(): Promise<number> {
  await world.reconciler.settle();
  const versions = world.objects.versions();
  return versions.filter(({ deleteMarker, latest }) => !deleteMarker && latest).length;
}

async function readable(): Promise<number> {
  const inbox = await requireMailbox(world.rows, account, 'INBOX');
  const { messages } = await listMessages(world.ports, inbox, { afterUid: 0, limit: 500 });
  for (const { uid } of messages) await fetchMessage(world.ports, account, inbox, uid);
  return messages.length;
}

describe('B1, W1: bodies of deliveries that lost', () => {
  test.each<[string, Asked]>([
    ['with one key', { key: 'k' }],
    ['with one key and UIDs', { key: 'k', uids: [7, 8, 9] }],
    ['with the same UIDs', { uids: [7, 8, 9] }],
  ])('leave no orphans: six at once, %s', async (_, asked) => {
    await Promise.allSettled(Array.from({ length: 6 }, () => deliver(asked)));
    expect(await readable()).toBe(3);
    expect(await objectsLeft()).toBe(3);
    expect(await readable()).toBe(3);
  });

  test('are kept when the answer of the transaction was lost, and the rows are its own', async () => {
    const transact = world.rows.transact.bind(world.rows);
    vi.spyOn(world.rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      await transact(writes);
      return { outcome: 'conflict' };
    });
    await deliver({ uids: [7, 8, 9] }).catch(() => undefined);
    expect(await objectsLeft()).toBe(3);
    expect(await readable()).toBe(3);
  });

  test('are kept when that comes with a key', async () => {
    const transact = world.rows.transact.bind(world.rows);
    vi.spyOn(world.rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      await transact(writes);
      return { outcome: 'conflict' };
    });
    expect((await deliver({ key: 'k' })).uids).toEqual([1, 2, 3]);
    expect(await objectsLeft()).toBe(3);
    expect(await readable()).toBe(3);
  });

  test('W1: are kept when its own rows come to light one after the other', async () => {
    const { rows } = world;
    const transact = rows.transact.bind(rows);
    vi.spyOn(rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      await transact(writes);
      const query = rows.query.bind(rows);
      // The mailbox shows what the transaction wrote, the rows of messages do not yet.
      vi.spyOn(rows, 'query').mockImplementation(async (asked) =>
        asked.pk.startsWith('mailbox#') ? { rows: [] } : await query(asked),
      );
      return { outcome: 'conflict' };
    });
    await deliver({ uids: [7, 8, 9] }).catch(() => undefined);
    vi.restoreAllMocks();
    expect(await objectsLeft()).toBe(3);
    expect(await readable()).toBe(3);
  });
});
