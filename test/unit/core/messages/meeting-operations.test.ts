/** Operations that meet on one message, or fill a transaction or a blob to the brim. */
import { describe, expect, test } from 'vitest';
import type { RowKey } from '../../../../functions/contract/row-layout.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import type { MessagePorts } from '../../../../functions/core/messages/in-chunks.ts';
import { restoreMessages } from '../../../../functions/core/messages/restore-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { Crashes } from '../../../models/faulty.ts';
import type { Rules } from '../../../models/reference-messages.ts';
import { carryOut, type MailRequest } from '../../../simulation/mail-requests.ts';
import { CLASS_DAYS, MailWorld } from '../../../simulation/mail-world.ts';
import { interrupted } from '../interrupted.ts';

const RULES: Rules = {
  mode: 'mailbox',
  onlyLastInstance: false,
  excluded: ['Trash'],
  classDays: CLASS_DAYS,
};
const DAY_MS = 86_400_000;
const NONE = { flags: [], keywords: [] };

async function desk(rules: Partial<Rules> = {}) {
  const boxes = ['INBOX', 'Archive', 'Trash'];
  const world = await MailWorld.make(1, { ...RULES, ...rules }, boxes, 'r30');
  const { stores, context } = world;
  const send = (request: MailRequest, ports: MessagePorts = stores.ports) =>
    carryOut(ports, context, request);
  return {
    world,
    stores,
    send,
    deliver: (to: string, messages: number) => {
      const mails = Array.from({ length: messages }, (_, index) => ({
        body: `m${index}`,
        ...NONE,
      }));
      return send({ do: 'deliver', to, mails });
    },
    copy: (from: string, to: string, uids: number[], ports?: MessagePorts) =>
      send({ do: 'copy', from, to, uids }, ports),
    expunge: (from: string, uids: number[]) => send({ do: 'expunge', from, uids, bypass: false }),
    /** UIDs that a mailbox shows, each with what S3 has for it. */
    show: async (path: string) => {
      const messages = (await world.observe(500)).get(path)?.messages ?? [];
      return messages.map(({ uid, body }) => `${uid} ${Buffer.from(body ?? []).toString()}`);
    },
    blobs: async () =>
      new Set(
        [...(await world.observe(500)).values()]
          .flatMap(({ messages }) => messages)
          .map(({ blobId }) => blobId),
      ).size,
  };
}

/** Rows in which something happens just before a blob row is read for the first time. */
function beforeLinks(rows: RowStore, happens: () => Promise<unknown>): RowStore {
  let left = 1;
  return Object.assign(
    interrupted(rows, async () => {}),
    {
      get: async (key: RowKey) => {
        if (key.pk.startsWith('blobs#')) left -= 1;
        if (left === 0) {
          left = -1;
          await happens();
        }
        return await rows.get(key);
      },
    },
  );
}

describe('what comes between the readings of a message and of its links', () => {
  test('B1, W4: an expunge of the last instance is never undone by a copy of it', async () => {
    const { stores, copy, deliver, expunge, show } = await desk();
    await deliver('INBOX', 1);
    await copy('INBOX', 'Trash', [1]);
    await expunge('Trash', [1]);
    const rows = beforeLinks(stores.rows, async () => {
      await expunge('INBOX', [1]);
      await stores.reconciler.settle();
    });
    expect(await copy('INBOX', 'Archive', [1], { ...stores.ports, rows })).toEqual([]);
    expect(await show('Archive')).toEqual([]);
    expect(await show('.EXPUNGED')).toEqual(['1 m0']);
    const [blob] = stores.rows.rows('dictmap').filter(({ key }) => key.pk.startsWith('blobs#'));
    expect(blob?.attributes['live']).toBeUndefined();
    expect(stores.objects.versions()[0]?.deleteMarker).toBe(true);
  });

  test('W2: one expunged for good, whose bytes are gone too, is passed over', async () => {
    const { stores, copy, deliver, expunge, show } = await desk();
    await deliver('Trash', 2);
    await copy('Trash', 'Trash', [1]);
    await expunge('Trash', [3]);
    const rows = beforeLinks(stores.rows, async () => {
      await expunge('Trash', [1]);
      await stores.reconciler.settle();
    });
    const ports = { ...stores.ports, rows };
    expect(await copy('Trash', 'Archive', [1, 2], ports)).toEqual([1]);
    expect(await show('Archive')).toEqual(['1 m1']);
  });

  test('W1: what was damaged is reported, and nothing changes', async () => {
    const { stores, copy, deliver, show } = await desk();
    await deliver('INBOX', 1);
    await copy('INBOX', 'INBOX', [1]);
    const blobs = stores.rows.rows('dictmap').filter(({ key }) => key.pk.startsWith('blobs#'));
    await stores.rows.removeAll(blobs.map(({ key }) => key));
    await expect(copy('INBOX', 'Archive', [1])).rejects.toThrow(/damaged data/);
    expect(await show('INBOX')).toEqual(['1 m0', '2 m0']);
  });
});

describe('flags', () => {
  const replace = (add: string[], remove: string[]): MailRequest => ({
    do: 'flag',
    from: 'INBOX',
    uids: [1],
    add: { flags: add, keywords: [] },
    remove: { flags: remove, keywords: ['k'] },
  });

  test('W2: one write, whatever is added and removed, so that no crash comes between', async () => {
    const { stores, send, deliver } = await desk();
    await deliver('INBOX', 1);
    const process = new Crashes();
    await send(replace(['\\Seen'], ['\\Deleted']), process.wrapAll({ ...stores.ports }));
    expect(process.calls).toBe(1);
  });

  test('W1: a change that another one overtakes loses nothing of it', async () => {
    const { stores, send, deliver } = await desk();
    await deliver('INBOX', 1);
    await send(replace(['\\Deleted'], []));
    let times = 0;
    const rows = Object.assign(
      interrupted(stores.rows, async () => {}),
      {
        transact: async (writes: Parameters<RowStore['transact']>[0]) => {
          times += 1;
          if (times === 1) await send(replace(['\\Flagged'], []));
          return await stores.rows.transact(writes);
        },
      },
    );
    await send(replace(['\\Seen'], ['\\Deleted']), { ...stores.ports, rows });
    const live = stores.rows.rows('dictmap').find(({ key }) => key.pk.startsWith('mailbox#'));
    expect(live?.attributes['flags']).toEqual(new Set(['\\Flagged', '\\Seen']));
    expect(times).toBe(2);
  });
});

test('L4: a transaction that the first instance to be kept would overfill ends before it', async () => {
  const { deliver, copy, expunge, show } = await desk({ onlyLastInstance: true });
  await deliver('INBOX', 60);
  const all = Array.from({ length: 60 }, (_, index) => index + 1);
  await copy('INBOX', 'Archive', all);
  // 48 have another instance: 96 rows and the mailbox; those that follow are the last.
  await expunge('INBOX', all.slice(48));
  await expunge('Archive', all);
  expect(await show('Archive')).toEqual([]);
  expect(await show('.EXPUNGED')).toHaveLength(12);
});

describe('a blob with as many links as it may have', () => {
  const UIDS = Array.from({ length: 99 }, (_, index) => index + 1);

  async function full() {
    const made = await desk();
    await made.deliver('INBOX', 1);
    for (const uid of UIDS) await made.copy('INBOX', 'INBOX', [uid]);
    expect(await made.blobs()).toBe(1);
    return made;
  }

  test('a copy, and a move that leaves an instance, take new bytes', async () => {
    const { copy, send, blobs, show } = await full();
    await copy('INBOX', 'Archive', [1]);
    expect(await blobs()).toBe(2);
    await send({ do: 'move', from: 'INBOX', to: 'Archive', uids: [2] });
    expect(await blobs()).toBe(3);
    expect(await show('Archive')).toEqual(['1 m0', '2 m0']);
    expect(await show('.EXPUNGED')).toEqual(['1 m0']);
  });

  test('links that have expired do not count', async () => {
    const { stores, expunge, copy, blobs } = await full();
    await expunge('INBOX', [1]);
    stores.clock.advance(30 * DAY_MS);
    await copy('INBOX', 'Archive', [2]);
    expect(await blobs()).toBe(1);
  });
});

test('W2: a restore that no longer gets through says what it has restored', async () => {
  const { world, stores, deliver, expunge } = await desk();
  for (const path of ['INBOX', 'Archive']) {
    await deliver(path, 1);
    await expunge(path, [1]);
  }
  let transactions = 0;
  const rows: RowStore = Object.assign(
    interrupted(stores.rows, async () => {}),
    {
      transact: async (writes: Parameters<RowStore['transact']>[0]) => {
        transactions += 1;
        if (transactions > 1) return { outcome: 'conflict' };
        return await stores.rows.transact(writes);
      },
    },
  );
  const storage = await requireMailbox(stores.rows, world.account, '.EXPUNGED');
  const until = stores.clock.now() + 20_000;
  const ports = { ...stores.ports, rows };
  const restored = await restoreMessages(
    { ports, context: world.context, deadline: until },
    storage,
    [1, 2],
    {},
  );
  expect(restored).toMatchObject({ complete: false, results: [{ uid: 1, to: 'INBOX' }] });
});
