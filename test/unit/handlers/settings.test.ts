import { beforeEach, describe, expect, test } from 'vitest';
import { findAccount } from '../../../functions/core/accounts/accounts.ts';
import type { Mailbox } from '../../../functions/core/mailboxes/mailbox.ts';
import { requireMailbox } from '../../../functions/core/mailboxes/mailboxes.ts';
import { type Answer, Doors, expectProblem } from './doors.ts';

const JOHN = '/v1/accounts/john@x.org';
const ADMIN = '/v1/admin/accounts/john@x.org';
const DOMAIN = '/v1/admin/domains/x.org/settings';

let doors: Doors;

beforeEach(async () => {
  doors = new Doors();
  await doors.addAccount('john@x.org');
});

const patch = (body: object, path = `${ADMIN}/settings`): Promise<Answer> =>
  doors.ask(`PATCH ${path}`, { body });

async function box(path: string, user = 'john@x.org'): Promise<Mailbox> {
  const { rows } = doors.world;
  const account = await findAccount(rows, user);
  return await requireMailbox(rows, { accountId: account?.accountId ?? '' }, path);
}

const deliver = (): Promise<Answer> => {
  const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
  return doors.ask(`POST ${JOHN}/messages`, { body: { messages: [{ raw }] } });
};

describe('settings of an account', () => {
  test('each level as it was set, and what follows', async () => {
    doors.settings = { lazyExpunge: '.EXPUNGED', quotaBytes: 1000 };
    await doors.ask(`PUT ${DOMAIN}`, { body: { quota_rule: '*:storage=2K' } });
    const { status, body } = await patch({ set: { lazyExpungeExclude: ['\\Trash'] } });
    expect(status).toBe(200);
    expect(body).toEqual({
      deployment: { lazyExpunge: '.EXPUNGED', quotaBytes: 1000 },
      domain: { quotaBytes: 2048 },
      account: { lazyExpungeExclude: ['\\Trash'] },
      effective: {
        lazyExpunge: '.EXPUNGED',
        quotaBytes: 2048,
        lazyExpungeExclude: ['\\Trash'],
      },
    });
    expect((await doors.ask(`GET ${JOHN}/settings`)).body).toEqual(body);
  });

  test('a part replaces members, those of mailboxes by name; others can be taken out', async () => {
    await patch({
      set: {
        quotaBytes: 10,
        quotaExempt: ['Junk'],
        mailboxes: { Trash: { autoexpunge: '7d' }, Junk: { ownerRights: 'lr' } },
      },
    });
    const { body } = await patch({
      set: { mailboxes: { Trash: { special_use: '\\Trash' } } },
      unset: ['quotaBytes'],
      unsetMailboxes: ['Junk'],
    });
    expect(body['account']).toEqual({
      quotaExempt: ['Junk'],
      mailboxes: { Trash: { autoexpunge: { afterSeconds: 604_800 }, specialUse: '\\Trash' } },
    });
    const replaced = await doors.ask(`PUT ${ADMIN}/settings`, { body: {} });
    expect(replaced.body['account']).toEqual({});
  });

  test('O2: what is wrong is named and changes nothing', async () => {
    const refused = async (body: object, fields: string[]) =>
      expectProblem(await patch(body), 400, 'urn:lethe:invalid-input', fields);
    await refused({ set: { lazyExpunge: 'INBOX' } }, ['lazyExpunge']);
    await refused({ set: { lazy_expunge: '..', quotaBytes: 0 } }, ['lazyExpunge', 'quotaBytes']);
    await refused({ unset: ['quota'] }, ['unset']);
    await refused({ quotaBytes: 1 }, ['quotaBytes']);
    const list = await doors.ask(`PUT ${ADMIN}/settings`, { body: [] });
    expectProblem(list, 400, 'urn:lethe:invalid-input', ['settings']);
    expect((await doors.ask(`GET ${JOHN}/settings`)).body['account']).toEqual({});
  });

  test('owners see settings and quota, and change neither', async () => {
    for (const request of [
      `PUT ${JOHN}/settings`,
      `PATCH ${JOHN}/settings`,
      `PUT ${JOHN}/quota`,
      `POST ${JOHN}/quota/recount`,
    ]) {
      const { status } = await doors.ask(request, { body: {} });
      expect([request, status]).toEqual([request, 404]);
    }
  });
});

describe('policies reach mailboxes', () => {
  test('A5: those that are there at once, with a look at what they hold', async () => {
    await deliver();
    await patch({ set: { mailboxes: { INBOX: { autoexpunge: '1d', autoexpunge_max_mails: 5 } } } });
    expect(await box('INBOX')).toMatchObject({
      autoexpungeAfterSeconds: 86_400,
      autoexpungeMaxMails: 5,
      dueSk: '2026-11-22T00:00:00.000Z',
    });
    await patch({ set: { mailboxes: { INBOX: { autoexpunge: null } } } });
    const off = await box('INBOX');
    for (const name of ['autoexpungeAfterSeconds', 'autoexpungeMaxMails', 'dueSk']) {
      expect(off).not.toHaveProperty(name);
    }
  });

  test('those made later, the INBOX of a new account included', async () => {
    doors.settings = { mailboxes: { '*': { autoexpunge: { maxMails: 5 } } } };
    await doors.addAccount('anna@x.org');
    await patch({ set: { mailboxes: { Trash: { autoexpunge: { afterSeconds: 60 } } } } });
    await doors.ask(`POST ${JOHN}/mailboxes`, { body: { path: 'Trash' } });
    expect(await box('INBOX', 'anna@x.org')).toMatchObject({ autoexpungeMaxMails: 5 });
    expect(await box('Trash')).toMatchObject({ autoexpungeAfterSeconds: 60 });
  });

  test('those of a domain when they are told to, some accounts at a time', async () => {
    for (let index = 0; index < 24; index += 1) await doors.addAccount(`u${index}@x.org`);
    await doors.addAccount('other@y.org');
    await patch({ set: { mailboxes: { INBOX: { autoexpunge: { maxMails: 7 } } } } }, DOMAIN);
    expect(await box('INBOX', 'u23@x.org')).not.toHaveProperty('autoexpungeMaxMails');
    const first = await doors.ask(`POST ${DOMAIN}/apply`);
    expect(first.body).toMatchObject({ accounts: 20, mailboxes: 20, next: expect.any(String) });
    const cursor = encodeURIComponent(String(first.body['next']));
    const last = await doors.ask(`POST ${DOMAIN}/apply?cursor=${cursor}`);
    expect(last.body).toEqual({ accounts: 5, mailboxes: 5 });
    expect(await box('INBOX', 'u23@x.org')).toMatchObject({ autoexpungeMaxMails: 7 });
    expect(await box('INBOX', 'other@y.org')).not.toHaveProperty('autoexpungeMaxMails');
    expect((await doors.ask(`POST ${DOMAIN}/apply`)).body).toMatchObject({ mailboxes: 0 });
  });

  test('O2: a domain is a domain', async () => {
    const answer = await doors.ask('GET /v1/admin/domains/a%40b/settings');
    expectProblem(answer, 400, 'urn:lethe:invalid-input', ['domain']);
  });
});

describe('quota', () => {
  test('is set for an account, raised, and lifted', async () => {
    const set = (limitBytes: unknown) => doors.ask(`PUT ${ADMIN}/quota`, { body: { limitBytes } });
    expect((await set(10)).body).toEqual({ bytes: 0, messages: 0, limitBytes: 10 });
    expectProblem(await deliver(), 409, 'urn:lethe:quota-exceeded');
    await set(100);
    expect((await deliver()).status).toBe(201);
    expect((await doors.ask(`GET ${JOHN}/quota`)).body).toMatchObject({ bytes: 15, messages: 1 });
    expect((await set(null)).body).toEqual({ bytes: 15, messages: 1 });
    expectProblem(await set(0), 400, 'urn:lethe:invalid-input', ['quotaBytes']);
    expectProblem(await set('1G'), 400, 'urn:lethe:invalid-input', ['limitBytes']);
  });

  test('L7: administrators let mail in that it has no room for, nobody else', async () => {
    await doors.ask(`PUT ${ADMIN}/quota`, { body: { limitBytes: 10 } });
    const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
    const body = { messages: [{ raw }], overQuota: true };
    const refused = await doors.ask(`POST ${JOHN}/messages`, { body });
    expectProblem(refused, 403, 'urn:lethe:permission-denied');
    expect((await doors.ask(`POST ${ADMIN}/messages`, { body })).status).toBe(201);
    expect((await doors.ask(`GET ${JOHN}/quota`)).body).toMatchObject({ messages: 1 });
    expectProblem(await deliver(), 409, 'urn:lethe:quota-exceeded');
  });

  test('is counted again', async () => {
    await deliver();
    const { body } = await doors.ask(`POST ${ADMIN}/quota/recount`);
    expect(body).toEqual({ bytes: 15, messages: 1, drift: [] });
  });
});
