/**
 * Immediate deletion beside everything that can happen to the same mail, in drawn interleavings of
 * single calls of the stores. `LETHE_RUN=<run> npx vitest run --project unit
 * test/simulation/delete-now-races.test.ts` repeats one alone.
 */
import { describe, expect, test } from 'vitest';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deleteNow } from '../../functions/core/folders/delete-now.ts';
import { deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { everyMailboxRow } from '../../functions/core/mailboxes/every-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { type Entry, toEntry } from '../../functions/core/messages/entries.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { moveMessages } from '../../functions/core/messages/move-messages.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { mail } from './mail.ts';
import { Turns } from './turns.ts';
import { CLASSES, World } from './world.ts';

const USER = 'john@example.org';
const IN_TIME_MS = 20_000;

/** Some 15 ms each. */
const RUNS = 600;

/** How requests may fail; nothing else may happen to them. */
const REFUSALS = [
  'UnknownMailboxError',
  'MailboxNotEmptyError',
  'MailboxExistsError',
  'StoreBusyError',
];

class Mailing {
  readonly world: World;
  readonly turns = new Turns();
  readonly #ports: Ports;
  readonly #settings: ReturnType<typeof resolveSettings>;

  constructor(seed: number, onlyLast: boolean) {
    this.world = new World({ seed });
    const { rows, objects } = this.world;
    this.#ports = {
      ...this.world.ports,
      rows: this.turns.wrap(rows),
      objects: this.turns.wrap(objects),
    };
    const lazy = { lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: onlyLast };
    this.#settings = resolveSettings(lazy);
  }

  /** a and b are in Work, c in the INBOX; a is in Trash too, c in Work. */
  async furnish(): Promise<void> {
    await createAccount(this.world.ports, CLASSES, { user: USER });
    for (const path of ['Work', 'Trash']) await this.create(path);
    await this.deliver('Work', 'a', 'b');
    await this.deliver('INBOX', 'c');
    await this.copy('Work', 'Trash', 1);
    await this.copy('INBOX', 'Work', 1);
  }

  #until = (): number => this.world.clock.now() + IN_TIME_MS;
  #account = () => requireActiveAccount(this.#ports.rows, USER);
  #box = async (path: string) => requireMailbox(this.#ports.rows, await this.#account(), path);
  #context = async () => ({
    account: await this.#account(),
    settings: this.#settings,
    retentionDays: { r30: 30 },
  });

  create = async (path: string) => createMailbox(this.#ports, await this.#account(), path);

  deliver = async (mailbox: string, ...texts: string[]) => {
    const messages = texts.map((text) => ({ raw: mail(text) }));
    return await deliverMessages(this.#ports, { user: USER, mailbox, messages }, this.#until());
  };

  copy = async (from: string, to: string, uid: number) => {
    const [source, target] = [await this.#box(from), await this.#box(to)];
    const context = await this.#context();
    return await copyMessages(
      { ports: this.#ports, context, deadline: this.#until() },
      source,
      [uid],
      target,
    );
  };

  move = async (from: string, to: string, uid: number) => {
    const [source, target] = [await this.#box(from), await this.#box(to)];
    const context = await this.#context();
    return await moveMessages(
      { ports: this.#ports, context, deadline: this.#until() },
      source,
      [uid],
      { to: target },
    );
  };

  expunge = async (path: string, ...uids: number[]) => {
    const box = await this.#box(path);
    return await expungeMessages(
      { ports: this.#ports, context: await this.#context(), deadline: this.#until() },
      box,
      uids,
      {},
    );
  };

  deleteNow = async (path: string) => {
    const mailbox = await this.#box(path);
    return await deleteNow(this.#ports, await this.#context(), { mailbox }, this.#until());
  };

  deleteTree = async (path: string) => {
    const { account, settings } = await this.#context();
    const how = { scope: 'tree', requestedBy: 'test', keepInbox: false, check: () => {} } as const;
    return await deleteTree(this.#ports, { account, settings, path, ...how }, this.#until());
  };

  /** What is wrong with rows and names, in words; and which messages there are somewhere. */
  async observe(): Promise<{ problems: string[]; seen: Set<string>; waiting: Set<string> }> {
    const { rows } = this.world;
    const { accountId } = await requireActiveAccount(rows, USER);
    const mailboxes = new Map<string, Mailbox>();
    for await (const one of everyMailboxRow(rows, accountId)) mailboxes.set(one.mailboxId, one);
    const entries = rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['type'] === 'message')
      .flatMap((row) => toEntry(row, this.world.clock.now()) ?? []);
    const stateOf = ({ home, expunged }: Entry) =>
      mailboxes.get(expunged?.storageId ?? home.mailboxId)?.state;
    const subjects = (state: string) =>
      new Set(
        entries
          .filter((entry) => stateOf(entry) === state)
          .map(({ message }) => message.envelope.subject ?? ''),
      );
    const live = Map.groupBy(
      entries.filter(({ expunged }) => expunged === undefined),
      ({ home }) => home.mailboxId,
    );
    const named = rows.rows('dictmap').filter(({ key }) => key.sk.startsWith('path#'));
    const names = named.map(
      ({ key, attributes }) => `${key.sk.slice(5)} ${attributes['mailboxId']}`,
    );
    const active = [...mailboxes.values()].filter(({ state }) => state === 'active');
    const problems = [...mailboxes.values()].flatMap(({ mailboxId, path, state, messages }) => {
      const there = live.get(mailboxId)?.length ?? 0;
      return [
        ...(messages === there ? [] : [`${path}: counts ${messages}, has ${there}`]),
        ...(state === 'shell' && there > 0 ? [`${path}: a shell with live mail`] : []),
      ];
    });
    expect(names.toSorted()).toEqual(
      active.map(({ path, mailboxId }) => `${path} ${mailboxId}`).toSorted(),
    );
    return { problems, seen: subjects('active'), waiting: subjects('deleted') };
  }
}

const RIVALS: readonly (readonly [string, (mailing: Mailing) => Promise<unknown>])[] = [
  ['deliver', (mailing) => mailing.deliver('Work', 'late')],
  ['copy into it', (mailing) => mailing.copy('INBOX', 'Work', 1)],
  ['copy out of it', (mailing) => mailing.copy('Work', 'INBOX', 2)],
  ['move into it', (mailing) => mailing.move('INBOX', 'Work', 1)],
  ['move out of it', (mailing) => mailing.move('Work', 'INBOX', 2)],
  ['expunge in it', (mailing) => mailing.expunge('Work', 1, 2, 3)],
  ['expunge its copy', (mailing) => mailing.expunge('Trash', 1)],
  ['expunge elsewhere', (mailing) => mailing.expunge('INBOX', 1)],
  ['delete it delayed', (mailing) => mailing.deleteTree('Work')],
  ['delete another delayed', (mailing) => mailing.deleteTree('Trash')],
  ['delete another now', (mailing) => mailing.deleteNow('Trash')],
  ['delete it twice', (mailing) => mailing.deleteNow('Work')],
  ['create', (mailing) => mailing.create('Work')],
];

/** How a request ends: `done`, or the name of its error. */
const endOf = (act: () => Promise<unknown>) => async (): Promise<string> => {
  try {
    await act();
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
};

/** Bounds of one of them. */
const one = (draw: () => number): [number, number] => {
  const at = Math.floor(draw() * RIVALS.length);
  return [at, at + 1];
};

async function carryOut(seed: number, tally: Map<string, number>): Promise<void> {
  const draws = new SeededIds(seed);
  const draw = () => draws.fraction();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  const mailing = new Mailing(seed, draw() < 0.5);
  await mailing.furnish();
  const rivals = [0, 1].flatMap(() => RIVALS.slice(...one(draw)));
  const acts = [
    () => mailing.deleteNow('Work'),
    ...rivals.map(
      ([, act]) =>
        () =>
          act(mailing),
    ),
  ];
  const settled = await mailing.turns.run(acts.map(endOf), draw);
  const ends = settled.map((end) => (end.status === 'fulfilled' ? String(end.value) : ''));
  for (const end of ends) expect(['done', ...REFUSALS]).toContain(end);
  const wanted = new Set(['a', 'b', 'c']);
  for (const [index, name] of ['deletion', ...rivals.map(([rival]) => rival)].entries()) {
    count(`${name} ${ends[index]}`);
    if (name === 'deliver' && ends[index] === 'done') wanted.add('late');
  }
  const { problems, seen, waiting } = await mailing.observe();
  expect(problems).toEqual([]);
  for (const subject of wanted) {
    expect(seen.has(subject) || waiting.has(subject), `${subject} is lost`).toBe(true);
  }
}

describe('W1, W3, W8, L4, L6: a deletion beside whatever else happens to the mail', () => {
  const alone = process.env['LETHE_RUN'];
  test(`${RUNS} interleavings: no message is lost, and names, counts and states agree`, async () => {
    const tally = new Map<string, number>();
    const runs =
      alone === undefined ? Array.from({ length: RUNS }, (_, run) => run) : [Number(alone)];
    for (const run of runs) {
      await carryOut(run + 1, tally).catch((error) => {
        throw new Error(`LETHE_RUN=${run} repeats this run`, { cause: error });
      });
    }
    if (alone !== undefined) return;
    for (const [name] of RIVALS) expect(tally.get(`${name} done`)).toBeGreaterThan(0);
    for (const end of ['done', 'MailboxNotEmptyError', 'UnknownMailboxError']) {
      expect(tally.get(`deletion ${end}`), end).toBeGreaterThan(10);
    }
  }, 120_000);
});
