import { beforeEach, describe, expect, test } from 'vitest';
import { type Answer, Doors, expectProblem } from './doors.ts';

const JOHN = '/v1/accounts/john@x.org';
const ADMIN = '/v1/admin/accounts/john@x.org';
const ANNA = 'as=anna@x.org';

let doors: Doors;

beforeEach(async () => {
  doors = new Doors();
  for (const user of ['john@x.org', 'anna@x.org']) await doors.addAccount(user);
});

const create = (path: string, base = JOHN, query = ''): Promise<Answer> =>
  doors.ask(`POST ${base}/mailboxes?${query}`, { body: { path } });
const rename = (from: string, to: string, base = JOHN, query = ''): Promise<Answer> =>
  doors.ask(`POST ${base}/mailboxes/rename?${query}`, { body: { from, to } });
const share = (mailbox: string, identifier: string, rights: string): Promise<Answer> =>
  doors.ask(`PUT ${JOHN}/mailboxes/acl`, { body: { mailbox, identifier, rights } });
const about = (what: string, mailbox: string, base = JOHN, query = ''): Promise<Answer> =>
  doors.ask(`GET ${base}/mailboxes/${what}?mailbox=${encodeURIComponent(mailbox)}&${query}`);
const deliver = (mailbox: string, base = JOHN): Promise<Answer> => {
  const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
  return doors.ask(`POST ${base}/messages`, { body: { mailbox, messages: [{ raw }] } });
};
/** Expunges everything of the INBOX, so that the storage comes into being. */
const fillStorage = async (): Promise<void> => {
  expect((await deliver('INBOX')).status).toBe(201);
  const expunged = await doors.ask(`POST ${JOHN}/messages/expunge`, {
    body: { mailbox: 'INBOX', uids: [1] },
  });
  expect(expunged.body).toMatchObject({ complete: true });
};

async function list(patterns: readonly string[], base = JOHN, query = ''): Promise<string[]> {
  const asked = patterns.map((one) => `pattern=${encodeURIComponent(one)}`).join('&');
  const { body } = await doors.ask(`GET ${base}/mailboxes?${asked}&${query}`);
  const items = body['items'] as readonly { readonly path: string; readonly placeholder?: true }[];
  return items.map(({ path, placeholder }) => (placeholder === true ? `(${path})` : path));
}

describe('the list of mailboxes', () => {
  test('patterns, and names that only have children', async () => {
    for (const path of ['P/a', 'P/a/b', 'Q', 'INBOX/x']) await create(path);
    expect(await list(['*'])).toEqual(['INBOX', 'INBOX/x', '(P)', 'P/a', 'P/a/b', 'Q']);
    expect(await list(['%'])).toEqual(['INBOX', '(P)', 'Q']);
    expect(await list(['P/*', 'Q'])).toEqual(['P/a', 'P/a/b', 'Q']);
    expect(await list(['p*', 'inbox'])).toEqual(['INBOX']);
    expectProblem(
      await doors.ask(`GET ${JOHN}/mailboxes?pattern=a//b`),
      400,
      'urn:lethe:invalid-input',
      ['pattern'],
    );
  });

  test('O3: comes in pages', async () => {
    for (const path of ['a', 'b', 'c']) await create(path);
    const first = await doors.ask(`GET ${JOHN}/mailboxes?pattern=*&limit=3`);
    expect(first.body).toEqual({
      items: [{ path: 'INBOX' }, { path: 'a' }, { path: 'b' }],
      next: 'b',
    });
    const last = await doors.ask(`GET ${JOHN}/mailboxes?pattern=*&limit=3&cursor=b`);
    expect(last.body).toEqual({ items: [{ path: 'c' }] });
  });

  test('L2, L8: a hidden namespace shows where a pattern begins with its name', async () => {
    doors.settings = { lazyExpunge: '.EXPUNGED/' };
    await fillStorage();
    for (const base of [JOHN, ADMIN]) {
      expect(await list(['*', '%', '.E*'], base)).toEqual(['INBOX']);
      expect(await list(['.EXPUNGED/*'], base)).toEqual(['.EXPUNGED/INBOX']);
    }
    const all = async (base: string) =>
      ((await doors.ask(`GET ${base}/mailboxes`)).body['items'] as { path: string }[]).map(
        ({ path }) => path,
      );
    expect(await all(JOHN)).toEqual(['INBOX']);
    expect((await all(ADMIN)).sort()).toEqual(['.EXPUNGED/INBOX', 'INBOX']);
  });

  test.each([
    ['listed', ['.EXPUNGED', 'INBOX']],
    ['hidden', ['INBOX']],
    ['closed', ['INBOX']],
  ] as const)('L8: with the storage %s its owner sees %j', async (access, seen) => {
    doors.settings = { lazyExpunge: '.EXPUNGED', lazyExpungeOwnerAccess: access };
    await fillStorage();
    expect(await list(['*', '.EXPUNGED'])).toEqual(seen);
    expect(await list(['*'], ADMIN)).toEqual(['.EXPUNGED', 'INBOX']);
  });
});

describe('the name of the expunge storage', () => {
  const attempts = [
    [() => create('.EXPUNGED'), 'urn:lethe:not-allowed', 'urn:lethe:mailbox-exists'],
    [() => create('.EXPUNGED/child'), 'urn:lethe:permission-denied', 'urn:lethe:not-allowed'],
    [() => rename('.EXPUNGED', 'Mine'), 'urn:lethe:unknown-mailbox', 'urn:lethe:not-allowed'],
    [() => rename('Work', '.EXPUNGED'), 'urn:lethe:not-allowed', 'urn:lethe:not-allowed'],
    [() => deliver('.EXPUNGED'), 'urn:lethe:unknown-mailbox', 'urn:lethe:not-allowed'],
    [() => about('status', '.EXPUNGED'), 'urn:lethe:unknown-mailbox', undefined],
    [() => about('rights', '.EXPUNGED'), 'urn:lethe:unknown-mailbox', undefined],
    [() => share('.EXPUNGED', 'anna@x.org', 'lr'), 'urn:lethe:unknown-mailbox', undefined],
  ] as const;

  test.each([false, true])(
    'DEV-03, DEV-05: closed, it is as if it were not there (it is: %s)',
    async (there) => {
      doors.settings = { lazyExpunge: '.EXPUNGED', lazyExpungeOwnerAccess: 'closed' };
      await create('Work');
      if (there) await fillStorage();
      for (const [attempt, type] of attempts)
        expect((await attempt()).body).toMatchObject({ type });
      const subscribed = await doors.ask(`POST ${JOHN}/subscriptions`, {
        body: { path: '.EXPUNGED' },
      });
      expectProblem(subscribed, 404, 'urn:lethe:unknown-mailbox');
    },
  );

  test('DEV-03, DEV-04: with every right, it is seen and stays what it is', async () => {
    doors.settings = { lazyExpunge: '.EXPUNGED' };
    await create('Work');
    await fillStorage();
    for (const [attempt, , type] of attempts) {
      const { status, body } = await attempt();
      if (type === undefined) expect(status).toBe(200);
      else expect(body).toMatchObject({ type });
    }
    expect((await about('status', '.EXPUNGED')).body).toMatchObject({
      messages: 1,
      unseen: 1,
      uidNext: 2,
    });
    expectProblem(await rename('.EXPUNGED', 'Mine', ADMIN), 403, 'urn:lethe:not-allowed');
  });

  test('DEV-03: with rights to read, nothing about it changes', async () => {
    doors.settings = {
      lazyExpunge: '.EXPUNGED',
      mailboxes: { '.EXPUNGED': { ownerRights: 'lr' } },
    };
    await fillStorage();
    expect((await about('rights', '.EXPUNGED')).body).toEqual({ rights: 'lr', access: 'readOnly' });
    expectProblem(await create('.EXPUNGED'), 409, 'urn:lethe:mailbox-exists');
    expectProblem(await create('.EXPUNGED/child'), 403, 'urn:lethe:permission-denied');
    expectProblem(await rename('.EXPUNGED', 'Mine'), 403, 'urn:lethe:permission-denied');
    expectProblem(await deliver('.EXPUNGED'), 403, 'urn:lethe:permission-denied');
  });

  test('DEV-03: a mailbox above it keeps its name, and so does one below', async () => {
    doors.settings = { lazyExpunge: 'Deleted/Kept' };
    await create('Deleted');
    expectProblem(await rename('Deleted', 'Gone'), 403, 'urn:lethe:not-allowed');
    expectProblem(await create('Deleted/Kept'), 403, 'urn:lethe:not-allowed');
    expect((await create('Deleted/Other')).status).toBe(201);
  });
});

describe('other users', () => {
  test('see and do what the ACL says, and nothing where it says nothing', async () => {
    await create('Team');
    expect((await share('Team', 'anna@x.org', 'ril')).body).toEqual({
      entries: { 'anna@x.org': 'lri' },
    });
    expect((await about('rights', 'Team', JOHN, ANNA)).body).toEqual({
      rights: 'lri',
      access: 'readWrite',
    });
    expect(await list(['*'], JOHN, ANNA)).toEqual(['Team']);
    expectProblem(await about('status', 'INBOX', JOHN, ANNA), 404, 'urn:lethe:unknown-mailbox');
    expectProblem(await rename('Team', 'Mine', JOHN, ANNA), 403, 'urn:lethe:permission-denied');
    expectProblem(await about('acl', 'Team', JOHN, ANNA), 403, 'urn:lethe:permission-denied');
    for (const what of ['quota', 'settings', 'subscriptions']) {
      expectProblem(await doors.ask(`GET ${JOHN}/${what}?${ANNA}`), 403, 'urn:lethe:not-allowed');
    }
  });

  test('create below a mailbox with k, and nowhere else', async () => {
    await create('Team');
    await share('Team', 'anna@x.org', 'lk');
    expect((await create('Team/a/b', JOHN, ANNA)).status).toBe(201);
    expectProblem(await create('Mine', JOHN, ANNA), 403, 'urn:lethe:permission-denied');
    expectProblem(await create('INBOX/x', JOHN, ANNA), 403, 'urn:lethe:permission-denied');
  });

  test('the owner is one by any address', async () => {
    await doors.ask('POST /v1/accounts', { body: { user: 'bob@x.org', aliases: ['b@x.org'] } });
    const rights = await doors.ask('GET /v1/accounts/bob@x.org/mailboxes/rights?as=b@x.org');
    expect(rights.body).toMatchObject({ rights: 'lrswipkxtea' });
    const admin = await doors.ask(`GET ${ADMIN}/mailboxes/rights?${ANNA}`);
    expectProblem(admin, 400, 'urn:lethe:invalid-input', ['as']);
  });

  test('changes of an ACL add, take away and remove; all made at once are kept', async () => {
    await create('Team');
    const users = Array.from({ length: 9 }, (_, index) => `u${index}@x.org`);
    for (const user of users) await doors.addAccount(user);
    await Promise.all(users.map((user) => share('Team', user, 'lr')));
    await share('Team', 'u0@x.org', '+sw');
    await share('Team', 'u1@x.org', '-r');
    await share('Team', 'u2@x.org', '');
    const { entries } = (await about('acl', 'Team')).body as { entries: Record<string, string> };
    expect(Object.keys(entries).sort()).toEqual(users.filter((user) => user !== 'u2@x.org'));
    expect(entries).toMatchObject({ 'u0@x.org': 'lrsw', 'u1@x.org': 'l' });
    expectProblem(await share('Team', 'u0@x.org', 'lq'), 400, 'urn:lethe:invalid-input', [
      'rights',
    ]);
    for (const owner of ['owner', 'john@x.org', 'JOHN@x.org']) {
      expectProblem(await share('Team', owner, 'l'), 403, 'urn:lethe:not-allowed');
    }
  });
});

describe('subscriptions', () => {
  test('a name need not exist; it can be given up', async () => {
    for (const path of ['Gone', 'INBOX']) {
      await doors.ask(`POST ${JOHN}/subscriptions`, { body: { path } });
    }
    const gone = await doors.ask(`DELETE ${JOHN}/subscriptions?path=Gone`);
    expect(gone.status).toBe(204);
    expect((await doors.ask(`GET ${JOHN}/subscriptions`)).body).toEqual({
      items: [{ path: 'INBOX' }],
    });
  });
});
