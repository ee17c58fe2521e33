/** Folders on their way into, or out of, accounts that are being erased. */
import { describe, expect, test } from 'vitest';
import { dictmapKeys, ROW_VERSION, registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { finishMoves } from '../../functions/core/folders/finish-move.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { Crashes } from '../models/faulty.ts';
import type { Outage } from '../models/outage.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { certificateOf, makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import { FolderDesk, RETENTION_DAYS } from './folder-desk.ts';
import { leftOf } from './leftovers.ts';
import { CLASSES } from './world.ts';

const OTHER = 'jane@example.org';
const OWNER = 'john@example.org';
/** Calls of stores that a hand-over makes here, and some more: the erasure begins at any of them. */
const CALLS = 100;
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** The steps of a deletion take turns with whatever else runs on the desk. */
const inTurns = (desk: FolderDesk): Outage =>
  ({
    wrapAll: (_: string, ports: Ports) => ({
      ...ports,
      rows: desk.turns.wrap(ports.rows),
      objects: desk.turns.wrap(ports.objects),
    }),
  }) as unknown as Outage;

/** Ports of a process that lets others pass before each of its calls, so that it is late. */
function slow(desk: FolderDesk, turns: number): MessagePorts {
  const ticking = desk.turns.wrap({ tick: async () => {} });
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          for (let turn = 0; turn < turns; turn += 1) await ticking.tick();
          return await member.apply(target, args);
        };
      },
    });
  const { rows, objects } = desk.ports;
  return { ...desk.ports, rows: wrap(rows), objects: wrap(objects) };
}

async function handOver(desk: FolderDesk, deletionId: string, ports: MessagePorts): Promise<void> {
  const request = await desk.request(ports);
  const settingsOf = (other: Account) => readSettings(ports.rows, {}, other);
  const access = { ...request.access, actor: ADMIN, retentionDays: RETENTION_DAYS };
  const deadline = Number.MAX_SAFE_INTEGER;
  await requestUndelete(
    { ...request, access, deadline, settingsOf },
    { deletionId, toUser: OTHER },
  );
}

/** Subjects of live mail, deleted folders included, and how often each is there. */
function subjects(desk: FolderDesk, accountId: string): string[] {
  return desk.world.rows
    .rows('dictmap')
    .filter(({ key, attributes }) => key.pk.includes(accountId) && attributes['state'] === 'live')
    .map(({ attributes }) => String((attributes['envelope'] as { subject: string }).subject))
    .sort();
}

/** Rows of an account that come to be once its fence stands. */
function watchFence({ world }: FolderDesk, accountId: string): string[] {
  const made: string[] = [];
  const account = registryKeys.account(accountId);
  let isFenced = false;
  world.watch = ({ key, before, after }) => {
    if (key.table === account.table && key.pk === account.pk && key.sk === account.sk) {
      isFenced = after?.['state'] === 'deleting';
    }
    const isMade = before === undefined && key.table === 'dictmap' && key.pk.includes(accountId);
    if (isFenced && isMade) made.push(`${key.pk} / ${key.sk}`);
  };
  return made;
}

async function raceWithErasure(seed: number, doomed: string) {
  const desk = await FolderDesk.make('Work', 'Work/a');
  const { world } = desk;
  const other = await createAccount(world.ports, CLASSES, { user: OTHER });
  const from = await desk.account();
  for (const [path, text] of [
    ['Work', 'one'],
    ['Work/a', 'two'],
    ['Work', 'three'],
  ] as const) {
    await desk.deliver(path, text);
  }
  const { deletionId } = await desk.remove('Work');
  const ids = new SeededIds(seed);
  const turns = seed % 12;
  const late = slow(desk, turns);
  const ticking = desk.turns.wrap({ tick: async () => {} });
  const startsAfter = Math.floor(ids.fraction() * CALLS * (turns + 1));
  const erased = doomed === OTHER ? other : from;
  const behindFence = watchFence(desk, erased.accountId);
  let end = '';
  let status = '';
  await desk.turns.run(
    [
      async () => {
        const sent = handOver(desk, deletionId, late).then(() => 'done');
        end = await sent.catch((error: Error) => error.name);
      },
      async () => {
        for (let turn = 0; turn < startsAfter; turn += 1) await ticking.tick();
        status = String((await world.run({ user: doomed }, { outage: inTurns(desk) })).status);
      },
    ],
    () => ids.fraction(),
  );
  return { desk, from, other, erased, end, status, behindFence };
}

describe('a folder that is handed over while an account is erased', () => {
  test('X3: nothing of it comes to be behind the fence of the account that gets it', async () => {
    const ends = new Set<string>();
    for (const seed of SEEDS) {
      const { desk, from, erased, end, status, behindFence } = await raceWithErasure(seed, OTHER);
      expect(status).toBe('SUCCEEDED');
      expect(behindFence, `seed ${seed}`).toEqual([]);
      expect(leftOf(desk.world, erased.accountId), `seed ${seed}`).toEqual([]);
      ends.add(end);
      // What was not handed over is where it was.
      if (end !== 'done') {
        expect(subjects(desk, from.accountId), `seed ${seed}`).toEqual(['one', 'three', 'two']);
      }
    }
    expect([...ends].sort()).toEqual(['AccountNotActiveError', 'done']);
  });

  test('W1, X3: it says done only when all of it has come out of an account that goes', async () => {
    const ends = new Set<string>();
    for (const seed of SEEDS) {
      const { desk, other, erased, end, status, behindFence } = await raceWithErasure(seed, OWNER);
      expect(status).toBe('SUCCEEDED');
      expect(behindFence, `seed ${seed}`).toEqual([]);
      expect(leftOf(desk.world, erased.accountId), `seed ${seed}`).toEqual([]);
      ends.add(end);
      if (end !== 'done') continue;
      expect(subjects(desk, other.accountId), `seed ${seed}`).toEqual(['one', 'three', 'two']);
    }
    const refusals = new Set(['AccountNotActiveError', 'UnknownMailboxError']);
    expect(ends.delete('done')).toBe(true);
    expect(ends.size).toBeGreaterThan(0);
    expect([...ends].filter((end) => !refusals.has(end))).toEqual([]);
  });
});

describe('what comes to be behind a fence all the same', () => {
  test.each(['Erase account rows', 'Settle'])(
    'X3, U7: a mailbox row that the plan does not name, made before %s, starts the next round',
    async (state) => {
      const { world, account } = await makeDoomed();
      const rows = world.rows
        .rows('dictmap')
        .filter(({ key }) => key.pk.includes(account.accountId));
      const count = (type: string) =>
        rows.filter(({ attributes }) => attributes['type'] === type).length;
      const mailboxId = `${account.accountId}.00000000000000ff`;
      const key = dictmapKeys.mailbox(mailboxId);
      const message = dictmapKeys.message(mailboxId, 1);
      const late: Promise<unknown>[] = [];
      const run = await world.run(
        { user: USER },
        {
          onState: (name) => {
            if (name !== state || late.length > 0) return;
            const counts = { uidValidity: 1, uidNext: 2, messages: 1, bytes: 1 };
            const names = { mailboxId, path: 'Late', state: 'deleted' };
            const attributes = { v: ROW_VERSION, type: 'mailbox', ...names, ...counts };
            late.push(world.rows.write({ kind: 'put', key, attributes }));
            const live = { v: ROW_VERSION, type: 'message', state: 'live' };
            late.push(world.rows.write({ kind: 'put', key: message, attributes: live }));
          },
        },
      );
      expect(late).toHaveLength(2);
      expect(run).toMatchObject({ status: 'SUCCEEDED' });
      expect(leftOf(world, account.accountId)).toEqual([]);
      const certificate = await certificateOf(world, operationIdOf(run.output));
      expect(certificate.erased).toMatchObject({
        mailboxRows: count('mailbox') + 1,
        messageRows: count('message') + 1,
      });
    },
  );

  test('X3: a move that goes on behind the fence takes no mailbox out of it', async () => {
    const desk = await FolderDesk.make('T');
    const { world } = desk;
    for (let at = 0; at < 70; at += 1) {
      await createMailbox(world.ports, await desk.account(), `T/${at}`);
    }
    const crashes = new Crashes({ call: 2, point: 'after' });
    const dead = crashes.wrapAll({ ...world.ports });
    await expect(desk.remove('T', { ports: dead })).rejects.toThrow();
    const account = await requireActiveAccount(world.rows, OWNER);
    const { settings } = (await desk.request()).access;
    let moved: Promise<unknown> | undefined;
    const states = () =>
      world.rows.rows('dictmap').flatMap(({ attributes }) => {
        return attributes['type'] === 'mailbox' ? [attributes['state']] : [];
      });
    const seen: unknown[] = [];
    const run = await world.run(
      { user: OWNER },
      {
        outage: {
          wrapAll: (token: string, ports: Ports): Ports => {
            if (!token.startsWith('PlanErasure') || moved !== undefined) return ports;
            moved = finishMoves(
              world.ports,
              { account, settings },
              world.clock.now() + 20_000,
            ).catch((error) => error);
            return { ...ports, rows: after(ports.rows, moved, () => seen.push(...states())) };
          },
        } as unknown as Outage,
      },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(await moved).toMatchObject({ name: 'AccountNotActiveError' });
    expect(new Set(seen)).toEqual(new Set(['erasing']));
    expect(leftOf(world, account.accountId)).toEqual([]);
  });
});

/** Rows that answer once something else has ended, of which the first call is told. */
function after(rows: Ports['rows'], ended: Promise<unknown>, tell: () => void): Ports['rows'] {
  let told = false;
  return new Proxy(rows, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        await ended;
        if (!told) tell();
        told = true;
        return await member.apply(target, args);
      };
    },
  });
}
