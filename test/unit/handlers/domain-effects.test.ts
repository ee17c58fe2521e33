import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import type { DomainSettingsAnswer } from '../../../functions/contract/settings-api.ts';
import { Doors, expectProblem } from './doors.ts';

const DAY_MS = 86_400_000;
const PATH = '/v1/admin/domains/x.org/settings';
const AN_HOUR = { autoexpunge: { afterSeconds: 3600 } };

let doors: Doors;
const ids = new Map<string, string>();

async function furnish(...names: string[]): Promise<void> {
  for (const name of names) {
    const user = `${name}@x.org`;
    ids.set(name, await doors.addAccount(user));
    await doors.ask(`POST /v1/admin/accounts/${user}/mailboxes`, { body: { path: 'Work' } });
    const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
    const body = { mailbox: 'Work', messages: [{ raw }, { raw }] };
    await doors.ask(`POST /v1/admin/accounts/${user}/messages`, { body });
  }
}

beforeEach(async () => {
  doors = new Doors();
  await furnish('a', 'b', 'c');
  doors.world.clock.advance(DAY_MS);
});

async function foresee(change: object, more = ''): Promise<DomainSettingsAnswer> {
  const before = JSON.stringify(doors.world.rows.rows());
  const answer = await doors.ask(`PATCH ${PATH}?dryRun=true${more}`, { body: change });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.body).toMatchObject({ dryRun: true });
  expect(JSON.stringify(doors.world.rows.rows())).toBe(before);
  return answer.body as unknown as DomainSettingsAnswer;
}

const own = async (name: string, set: object) => {
  const answer = await doors.ask(`PATCH /v1/admin/accounts/${name}@x.org/settings`, {
    body: { set },
  });
  expect(answer.status, answer.text).toBe(200);
};

describe('O1, A1: a dry run of a domain’s settings says what they would make of its mail', () => {
  test('of what is expunged from then on, where the account itself says nothing else', async () => {
    await own('b', { lazyExpunge: 'in-place' });
    expect(await foresee({ set: { lazyExpunge: '.E' } })).toMatchObject({
      domain: { lazyExpunge: '.E' },
      effects: [
        {
          kind: 'expunged',
          accounts: 2,
          was: 'lazyExpunge off, deleteMode delayed',
          becomes: 'lazyExpunge .E, deleteMode delayed',
        },
      ],
      lookedAt: 3,
    });
  });

  test('of mail that a policy takes, summed up over mailboxes and accounts', async () => {
    await own('c', { mailboxes: { Work: { autoexpunge: null } } });
    const answer = await foresee({ set: { mailboxes: { 'W*': AN_HOUR, INBOX: AN_HOUR } } });
    expect(answer.effects).toEqual([
      { kind: 'autoexpunge', accounts: 2, mailboxes: 2, messages: 4 },
    ]);
  });

  test('of deleted folders, of limits, of a mailbox with the name of the storage', async () => {
    for (const name of ['a', 'b']) {
      await doors.ask(`POST /v1/admin/accounts/${name}@x.org/mailboxes/delete`, {
        body: { mailbox: 'Work' },
      });
    }
    doors.world.clock.advance(2 * DAY_MS);
    const set = { deletedRetentionDays: 1, quotaBytes: 10, lazyExpunge: 'Work' };
    expect((await foresee({ set })).effects).toEqual(
      expect.arrayContaining([
        { kind: 'purge', accounts: 2, folders: 2, messages: 4 },
        { kind: 'quota', accounts: 1, limitBytes: 10 },
        { kind: 'storage', accounts: 1, mailbox: 'Work' },
      ]),
    );
  });

  test('W6: of a held account nothing goes; one that is being deleted is passed over', async () => {
    const hold = async (name: string, set: Record<string, object | string>) =>
      doors.world.rows.write({
        kind: 'update',
        key: registryKeys.account(ids.get(name) ?? ''),
        guard: { row: 'present' },
        change: { set: set as Record<string, string> },
      });
    await hold('a', { hold: { by: 'court' } });
    await hold('b', { state: 'deleting' });
    const { effects, lookedAt } = await foresee({ set: { mailboxes: { Work: AN_HOUR } } });
    expect(effects).toEqual([{ kind: 'autoexpunge', accounts: 1, mailboxes: 1, messages: 2 }]);
    expect(lookedAt).toBe(3);
  });

  test('O3: when time is over, it says where to go on, and how many it has looked at', async () => {
    const change = { set: { mailboxes: { Work: AN_HOUR } } };
    const answers: DomainSettingsAnswer[] = [];
    let more = '';
    do {
      const request = `PATCH ${PATH}?dryRun=true${more}`;
      const { body } = await doors.ask(request, { body: change, leftMs: 1 });
      const answer = body as unknown as DomainSettingsAnswer;
      answers.push(answer);
      more = `&cursor=${encodeURIComponent(answer.next ?? '')}`;
    } while (answers.at(-1)?.next !== undefined);
    // One account at a time, and of none it is said that it loses nothing.
    const unknown = [[{ kind: 'unknown', accounts: 1 }], 1];
    const looked = answers.filter(({ lookedAt }) => lookedAt !== 0);
    expect(looked.map(({ effects, lookedAt }) => [effects, lookedAt])).toEqual([
      ...[unknown, unknown, unknown],
    ]);
  });

  test('O3: fifty accounts in one answer, at most', async () => {
    await furnish(...Array.from({ length: 50 }, (_, n) => `n${n}`));
    const change = { set: { lazyExpunge: '.E' } };
    const first = await foresee(change);
    expect(first).toMatchObject({ lookedAt: 50, effects: [{ accounts: 50 }] });
    const rest = await foresee(change, `&cursor=${encodeURIComponent(first.next ?? '')}`);
    expect(rest).toMatchObject({ lookedAt: 3, effects: [{ accounts: 3 }] });
    expect(rest).not.toHaveProperty('next');
  });

  test('of a domain without accounts, that there are none', async () => {
    const answer = await doors.ask('PATCH /v1/admin/domains/none.org/settings?dryRun=true', {
      body: { set: { lazyExpunge: '.E' } },
    });
    expect(answer.body).toMatchObject({ effects: [], lookedAt: 0 });
  });

  test('O2: what the change itself refuses, it refuses, with levels that do not go together', async () => {
    doors.settings = { lazyExpunge: '.E' };
    const body = { set: { lazyExpungeExclude: ['.E'] } };
    for (const path of [PATH, '/v1/admin/accounts/a@x.org/settings']) {
      for (const query of ['', '?dryRun=true']) {
        const refused = await doors.ask(`PATCH ${path}${query}`, { body });
        expectProblem(refused, 400, 'urn:lethe:invalid-input', ['lazyExpungeExclude']);
      }
    }
    const cursor = await doors.ask(`PATCH ${PATH}?cursor=x`, { body: { set: {} } });
    expectProblem(cursor, 400, 'urn:lethe:invalid-input', ['cursor']);
  });
});
