/** Mail that is expunged in place: its rows, its bytes, and what comes between. */
import { describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { ADMIN } from '../../../../functions/core/accounts/actor.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import type { MessagePorts } from '../../../../functions/core/messages/in-chunks.ts';
import { findInPlace } from '../../../../functions/core/messages/in-place-entries.ts';
import type { Row } from '../../../../functions/core/ports/row-store.ts';
import { requestPurgeExpunged } from '../../../../functions/core/requests/purge-expunged.ts';
import { CRASH_POINTS, Crashes } from '../../../models/faulty.ts';
import type { Rules } from '../../../models/reference-messages.ts';
import { carryOut, type MailRequest } from '../../../simulation/mail-requests.ts';
import { CLASS_DAYS, MailWorld } from '../../../simulation/mail-world.ts';
import { interrupted } from '../interrupted.ts';

const RULES: Rules = {
  mode: 'in-place',
  onlyLastInstance: false,
  excluded: ['Trash'],
  classDays: CLASS_DAYS,
};
const DELETED = { flags: ['\\Deleted'], keywords: ['k'] };

async function desk(rules: Partial<Rules> = {}) {
  const world = await MailWorld.make(
    1,
    { ...RULES, ...rules },
    ['INBOX', 'Archive', 'Trash'],
    'r30',
  );
  const { stores, context } = world;
  const send = (request: MailRequest, ports: MessagePorts = stores.ports) =>
    carryOut(ports, context, request);
  const box = (path: string) => requireMailbox(stores.rows, world.account, path);
  return {
    world,
    stores,
    send,
    box,
    deliver: (messages: number) => {
      const mails = Array.from({ length: messages }, (_, index) => ({
        body: `Subject: m${index}\r\n\r\n`,
        ...DELETED,
      }));
      return send({ do: 'deliver', to: 'INBOX', mails });
    },
    expunge: (from: string, ...uids: number[]) =>
      send({ do: 'expunge', from, uids, bypass: false }),
    purge: (ports: MessagePorts = stores.ports) => {
      const access = { ...context, actor: ADMIN };
      const deadline = stores.clock.now() + 1000;
      return requestPurgeExpunged({ ports, access, deadline }, { olderThanDays: 0 });
    },
    inPlace: async (path: string) => {
      const finding = { afterUid: 0, limit: 1000, deadline: 0, asOf: stores.clock.now() };
      const { entries } = await findInPlace(stores, await box(path), finding);
      return entries.map(({ message }) => message.uid);
    },
    shown: async (path: string) =>
      (await world.observe(500)).get(path)?.messages.map(({ uid }) => uid),
    rowsOf: (type: string): Row[] =>
      stores.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === type),
    hold: () =>
      stores.rows.write({
        kind: 'update',
        key: registryKeys.account(world.account.accountId),
        guard: { row: 'present' },
        change: { set: { hold: 'x' } },
      }),
    versions: () => stores.objects.versions().map(({ deleteMarker }) => (deleteMarker ? 'm' : 'v')),
  };
}

describe('expunging in place', () => {
  test('L1, W4: changes one row, which keeps its flags and shows in no view', async () => {
    const { deliver, expunge, rowsOf, box, stores, versions } = await desk();
    await deliver(1);
    await expunge('INBOX', 1);
    const [row] = rowsOf('message');
    const { clock } = stores;
    expect(row?.attributes).toMatchObject({
      state: 'expunged',
      flags: new Set(['\\Deleted']),
      keywords: new Set(['k']),
      expungedAt: clock.now(),
      expiresAt: clock.now() + 30 * 86_400_000,
      origin: 'INBOX',
      ttl: expect.any(Number),
    });
    expect(row?.attributes).not.toHaveProperty('lazyPk');
    expect(rowsOf('expiry')).toEqual([]);
    expect(await box('INBOX')).toMatchObject({ messages: 0, bytes: 0, uidNext: 2 });
    await stores.reconciler.settle();
    expect(versions()).toEqual(['m', 'v']);
  });

  test('L5: excluded mail, and what bypasses the storage, goes for good', async () => {
    const { deliver, expunge, send, inPlace, rowsOf, stores } = await desk();
    await deliver(2);
    await send({ do: 'move', from: 'INBOX', uids: [1], to: 'Trash' });
    await expunge('Trash', 1);
    await send({ do: 'expunge', from: 'INBOX', uids: [2], bypass: true });
    expect([await inPlace('Trash'), await inPlace('INBOX')]).toEqual([[], [1]]);
    await stores.reconciler.settle();
    expect(rowsOf('message').filter(({ attributes }) => attributes['state'] === 'purging')).toEqual(
      [],
    );
  });

  test.each([
    [false, [1]],
    [true, []],
  ])('L4: with only-last-instance %s a move leaves %j', async (onlyLastInstance, left) => {
    const { deliver, send, inPlace, shown } = await desk({ onlyLastInstance });
    await deliver(1);
    await send({ do: 'move', from: 'INBOX', uids: [1], to: 'Archive' });
    expect(await inPlace('INBOX')).toEqual(left);
    expect(await shown('Archive')).toEqual([1]);
  });

  test('O3: pages of any length show each message once, over more buckets than one', async () => {
    const { deliver, expunge, box, stores } = await desk();
    await deliver(30);
    await expunge('INBOX', 1, 2, 9, 10, 11, 29, 30);
    const mailbox = { ...(await box('INBOX')), uidNext: 25_000 };
    for (const limit of [1, 2, 3, 7, 8]) {
      const found: number[] = [];
      let afterUid: number | undefined = 0;
      while (afterUid !== undefined) {
        const now = stores.clock.now();
        const finding = { afterUid, limit, deadline: now, asOf: now };
        const page = await findInPlace(stores, mailbox, finding);
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        found.push(...page.entries.map(({ message }) => message.uid));
        afterUid = page.nextAfterUid;
      }
      expect(found).toEqual([1, 2, 9, 10, 11, 29, 30]);
    }
  });
});

describe('W3, W4: unexpunge', () => {
  const request: MailRequest = {
    do: 'unexpunge',
    from: 'INBOX',
    uids: Array.from({ length: 60 }, (_, index) => index + 1),
    keepDeleted: false,
  };

  test('a crash at any change loses and doubles nothing; the same request does the rest', async () => {
    let crashes = 0;
    for (const point of CRASH_POINTS) {
      for (let call = 1; call <= 70; call += 7) {
        const { deliver, expunge, send, inPlace, shown, stores } = await desk();
        await deliver(60);
        await expunge('INBOX', ...request.uids);
        const process = new Crashes({ call, point });
        await send(request, process.wrapAll({ ...stores.ports })).catch(() => {});
        const [left, back] = [await inPlace('INBOX'), await shown('INBOX')];
        expect(left.length + (back?.length ?? 0), `${point} ${call}`).toBe(60);
        await send(request);
        expect(await inPlace('INBOX')).toEqual([]);
        expect(await shown('INBOX')).toHaveLength(60);
        crashes += process.crashed ? 1 : 0;
      }
    }
    expect(crashes).toBeGreaterThan(20);
  });

  test('X1: of what a purge ends meanwhile nothing comes back', async () => {
    const { deliver, expunge, send, purge, inPlace, shown, stores } = await desk();
    await deliver(3);
    await expunge('INBOX', 1, 2, 3);
    const rows = interrupted(stores.rows, () => purge());
    expect(await send(request, { ...stores.ports, rows })).toEqual([]);
    expect([await inPlace('INBOX'), await shown('INBOX')]).toEqual([[], []]);
  });
});

describe('purging what was expunged in place', () => {
  test('W6: stops where a hold comes meanwhile', async () => {
    const { deliver, expunge, purge, hold, inPlace, stores } = await desk();
    await deliver(2);
    await expunge('INBOX', 1, 2);
    const rows = interrupted(stores.rows, hold);
    await expect(purge({ ...stores.ports, rows })).rejects.toMatchObject({
      name: 'AccountHeldError',
    });
    expect(await inPlace('INBOX')).toEqual([1, 2]);
  });

  test('B1: bytes stay as long as another instance needs them', async () => {
    const { deliver, expunge, send, purge, stores, versions } = await desk();
    await deliver(1);
    await send({ do: 'copy', from: 'INBOX', uids: [1], to: 'Archive' });
    await expunge('INBOX', 1);
    expect(await purge()).toMatchObject({ removed: 1, complete: true });
    await stores.reconciler.settle();
    expect(versions()).toEqual(['v']);
    await expunge('Archive', 1);
    await stores.reconciler.settle();
    expect(versions()).toEqual(['m', 'v']);
    expect(await purge()).toMatchObject({ removed: 1, complete: true });
    await stores.reconciler.settle();
    expect(versions()).not.toContain('v');
  });

  test('W1, W5: after a crash at any change the same request ends what is left', async () => {
    for (const point of CRASH_POINTS) {
      for (const call of [1, 2]) {
        const { deliver, expunge, purge, inPlace, shown, stores } = await desk();
        await deliver(90);
        await deliver(90);
        await expunge('INBOX', ...Array.from({ length: 170 }, (_, index) => index + 1));
        const process = new Crashes({ call, point });
        await purge(process.wrapAll({ ...stores.ports })).catch(() => {});
        expect(process.crashed).toBe(true);
        const left = (await inPlace('INBOX')).length;
        expect(await purge()).toMatchObject({ removed: left, complete: true });
        expect(await inPlace('INBOX')).toEqual([]);
        expect(await shown('INBOX')).toHaveLength(10);
      }
    }
  });
});
