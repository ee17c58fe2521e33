import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../../functions/contract/row-layout.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, FolderDoors, JOHN, numbered } from './folder-doors.ts';

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
});

async function make(path: string, uidValidity?: number): Promise<number> {
  const body = { path, ...(uidValidity === undefined ? {} : { uidValidity }) };
  const made = await doors.ask(`POST ${ADMIN}/mailboxes`, { body });
  expect(made.status, made.text).toBe(201);
  return Number(made.body['uidValidity']);
}

async function rename(from: string, to: string): Promise<void> {
  const done = await doors.ask(`POST ${JOHN}/mailboxes/rename`, { body: { from, to } });
  expect(done.status, done.text).toBe(200);
}

async function validityOf(mailbox: string): Promise<number> {
  const { body } = await doors.ask(`GET ${ADMIN}/mailboxes/status?mailbox=${mailbox}`);
  return Number(body['uidValidity']);
}

/** @returns the id of its deletion, when it is kept */
async function remove(mailbox: string): Promise<string> {
  return String((await doors.removed({ mailbox, recursive: true }, ADMIN)).deletionId);
}

describe('the UIDVALIDITY of a name that is used again', () => {
  test.each([
    ['delayed', 'A'],
    ['immediate', 'A'],
    ['delayed', 'INBOX'],
  ] as const)('L2: rises when %s deletion has taken what had it, %s', async (deleteMode, path) => {
    doors.settings = { deleteMode };
    const high = 4_000_000_000;
    if (path === 'A') await make(path, high);
    else await doors.ask(`PATCH ${JOHN}/mailboxes`, { body: { path, uidValidity: high } });
    await doors.deliver(path);
    await remove(path);
    const now = path === 'A' ? await make(path) : await validityOf(path);
    expect(now).toBe(high + 1);
    // That is no measure for other names.
    expect(await make('B')).toBeLessThan(high);
  });

  test('L2: rises when what had it was renamed', async () => {
    await make('A', 4_000_000_000);
    await doors.deliver('A');
    await rename('A', 'B');
    expect(await validityOf('B')).toBe(4_000_000_000);
    expect(await make('A')).toBe(4_000_000_001);
  });

  test('L2: a mailbox that brings one which was seen under the name gets another', async () => {
    for (const path of ['A', 'B', 'C']) await make(path, 7);
    for (const path of ['A', 'B']) await doors.deliver(path);
    await remove('A');
    await rename('B', 'A');
    expect(await validityOf('A')).toBeGreaterThan(7);
    // Under names that never showed it, it may be kept.
    await rename('C', 'D');
    expect(await validityOf('D')).toBe(7);
  });

  test('F1: the mailbox that comes back under its name keeps its own', async () => {
    const first = await make('A', 7);
    await doors.deliver('A');
    const deletionId = await remove('A');
    const second = await make('A');
    await doors.deliver('A');
    await remove('A');
    await doors.undelete({ deletionId });
    expect([first, await validityOf('A')]).toEqual([7, 7]);
    await remove('A');
    expect(await make('A')).toBeGreaterThan(second);
  });

  test('F4: in a large tree that comes back in many transactions, too', async () => {
    await doors.make(...numbered('P', 40));
    await doors.deliver('P/039');
    const own = await validityOf('P/039');
    const deletionId = await remove('P');
    await make('Q', 7);
    await make('Q/039', own);
    await doors.deliver('Q/039');
    await remove('Q');
    expect((await doors.undelete({ deletionId, to: 'Q' })).status).toBe(200);
    expect(await validityOf('Q/039')).toBeGreaterThan(own);
    expect(await validityOf('Q/038')).toBe(own - 1);
  });

  test('O2: one that another mailbox of the name had cannot be given again', async () => {
    await make('A', 7);
    await doors.deliver('A');
    await remove('A');
    const body = { path: 'A', uidValidity: 7 };
    const again = await doors.ask(`POST ${ADMIN}/mailboxes`, { body });
    expectProblem(again, 409, 'urn:lethe:uid-conflict');
    await make('A', 6);
    const changed = await doors.ask(`PATCH ${ADMIN}/mailboxes`, { body });
    expectProblem(changed, 409, 'urn:lethe:uid-conflict');
  });

  test('O2: says so when the 32 bits are used up', async () => {
    await make('A', 2 ** 32 - 1);
    await doors.deliver('A');
    await remove('A');
    const again = await doors.ask(`POST ${ADMIN}/mailboxes`, { body: { path: 'A' } });
    expectProblem(again, 409, 'urn:lethe:uid-conflict');
    expect(await make('A', 5)).toBe(5);
  });

  test('O3: a name remembers a bounded number, and takes what it has forgotten for seen', async () => {
    for (let n = 1; n <= 60; n += 1) {
      await make('A', n);
      await doors.deliver('A');
      await remove('A');
    }
    const accountId = doors.world.rows.rows('dictmap')[0]?.key.pk.split('#')[1] ?? '';
    const row = await doors.world.rows.get(dictmapKeys.name(accountId, 'A'));
    expect(Object.keys(row?.attributes['seen'] ?? {})).toHaveLength(40);
    const body = { path: 'A', uidValidity: 3 };
    const again = await doors.ask(`POST ${ADMIN}/mailboxes`, { body });
    expectProblem(again, 409, 'urn:lethe:uid-conflict');
  });

  test('F1: a mailbox without a UID leaves no trace of its name', async () => {
    await make('A');
    await remove('A');
    const kinds = doors.world.rows.rows('dictmap').map(({ key }) => key.sk.split('#')[0]);
    expect(kinds).not.toContain('name');
  });
});
