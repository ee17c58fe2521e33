/**
 * A hold beside everything that ends mail, in drawn interleavings of single calls of the stores.
 * `LETHE_RUNS=10000 npx vitest run --project unit test/simulation/hold-races.test.ts` draws more.
 */
import { describe, expect, test } from 'vitest';
import { deleteNow } from '../../functions/core/folders/delete-now.ts';
import { toEntry } from '../../functions/core/messages/entries.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { restoreMessages } from '../../functions/core/messages/restore-messages.ts';
import { followedRow, objectOf } from '../../functions/core/objects/row-object.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { STORAGE, USER } from './bulk-account.ts';
import { DAY_MS, HeldAccount } from './held-account.ts';
import { Turns } from './turns.ts';

const RUNS = Number(process.env['LETHE_RUNS'] ?? 200);
const REFUSALS = [
  'AccountHeldError',
  'StoreBusyError',
  'UnknownMailboxError',
  'MailboxNotEmptyError',
];

type Rival = (mail: HeldAccount) => Promise<unknown>;

const work = async (mail: HeldAccount) => ({
  ports: mail.world.ports,
  context: await mail.context(),
  deadline: mail.until(),
});

const expunge =
  (path: string, options: object, ...uids: number[]): Rival =>
  async (mail) =>
    expungeMessages(await work(mail), await mail.box(path), uids, options);

const RIVALS: Readonly<Record<string, Rival>> = {
  'expunge lazily': expunge('INBOX', {}, 2, 3),
  'expunge for good': expunge('Trash', { bypassStorage: true }, 6, 7, 8),
  'expunge a copy': expunge('Keep', {}, 1, 2),
  'expunge in the storage': expunge(STORAGE, {}, 1, 2),
  'expunge by query': (mail) =>
    mail.run('expunge-messages', { user: USER, query: { mailbox: 'Trash', all: true } }),
  'delete at once': async (mail) => {
    const mailbox = await mail.box('Keep');
    return deleteNow(mail.world.ports, await mail.context(), { mailbox }, mail.until());
  },
  restore: async (mail) => restoreMessages(await work(mail), await mail.box(STORAGE), [1, 3], {}),
  follow: async (mail) => {
    const { ports, reconciler } = mail.world;
    for (const record of reconciler.pendingRecords()) {
      await ports.rows.get(record.key);
      await reconciler.deliver(record);
    }
  },
  'pass an hour': async (mail) => {
    await mail.world.ports.rows.get((await mail.accountRow()).key);
    await mail.pass(1 / 24);
  },
};

/** Readable messages by GUID, as of a time: rows and bytes. */
async function readable(mail: HeldAccount, now: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const row of mail.messageRows()) {
    const entry = toEntry(row, now);
    const followed = followedRow(row.key);
    if (entry === undefined || followed === undefined) continue;
    const { objectKey, versionId } = objectOf(row, followed);
    if ((await mail.world.objects.get(objectKey, versionId)) === undefined) continue;
    found.set(entry.message.guid, (found.get(entry.message.guid) ?? 0) + 1);
  }
  return found;
}

async function carryOut(seed: number, tally: Map<string, number>): Promise<void> {
  const draws = new SeededIds(seed);
  const draw = () => draws.fraction();
  const mail = await new HeldAccount().furnish();
  await mail.expunge('Trash', 1, 2, 3);
  await mail.world.reconciler.settle();
  // In some runs what is expunged expires within the hour in which the walk is under way.
  mail.world.clock.advance(draw() < 0.5 ? DAY_MS : 30 * DAY_MS - 1_800_000);
  const { world } = mail;
  const turns = new Turns();
  const { rows, objects } = world;
  Object.assign(world.ports, { rows: turns.wrap(rows), objects: turns.wrap(objects) });
  let atFlag: readonly string[] = [];
  let isHeld = false;
  world.watch = ({ key, after }) => {
    if (isHeld || key.sk !== 'account' || after?.['hold'] === undefined) return;
    isHeld = true;
    const { since } = after['hold'] as { readonly since: number };
    atFlag = mail.messageRows().flatMap((row) => toEntry(row, since)?.message.guid ?? []);
  };
  const names = Object.keys(RIVALS);
  const drawn = [0, 1].map(() => names[Math.floor(draw() * names.length)] ?? 'follow');
  const acts = [() => mail.place(), ...drawn.map((name) => () => RIVALS[name]?.(mail))];
  const ends = await turns.run(
    acts.map((act) => async (): Promise<unknown> => {
      try {
        return await act();
      } catch (error) {
        return error;
      }
    }),
    draw,
  );
  for (const [index, end] of ends.entries()) {
    const value = end.status === 'fulfilled' ? end.value : end.reason;
    const how = value instanceof Error ? value.name : 'done';
    expect(['done', ...REFUSALS]).toContain(how);
    const what = `${index === 0 ? 'hold' : drawn[index - 1]} ${how}`;
    tally.set(what, (tally.get(what) ?? 0) + 1);
  }
  expect(isHeld).toBe(true);
  const hold = ends[0];
  expect(hold?.status === 'fulfilled' ? hold.value : undefined).toMatchObject({
    status: 'SUCCEEDED',
  });
  await mail.pass(400);
  const left = await readable(mail, world.clock.now());
  for (const [guid, copies] of Map.groupBy(atFlag, (one) => one)) {
    expect(left.get(guid) ?? 0, `${drawn.join(', ')}: ${guid}`).toBeGreaterThanOrEqual(
      copies.length,
    );
  }
}

describe('W6: a hold beside whatever ends mail', () => {
  test(`${RUNS} interleavings: nothing is lost that had not expired at the flag`, async () => {
    const tally = new Map<string, number>();
    for (let run = 1; run <= RUNS; run += 1) {
      await carryOut(run, tally).catch((error) => {
        throw new Error(`run ${run} fails`, { cause: error });
      });
    }
    for (const name of Object.keys(RIVALS)) {
      const met = [...tally.keys()].some((what) => what.startsWith(name));
      expect(met, name).toBe(true);
    }
  }, 1_200_000);
});
