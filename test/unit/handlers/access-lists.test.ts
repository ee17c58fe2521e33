import { beforeEach, describe, expect, test } from 'vitest';
import { rowBytes } from '../../../functions/core/meter/row-units.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, ANNA, FolderDoors, JOHN } from './folder-doors.ts';

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
});

const share = (identifier: string, rights: string, mailbox = 'INBOX') =>
  doors.ask(`PUT ${JOHN}/mailboxes/acl`, { body: { mailbox, identifier, rights } });
const entries = async (mailbox = 'INBOX') =>
  (await doors.ask(`GET ${JOHN}/mailboxes/acl?mailbox=${mailbox}`)).body['entries'];
const read = (as: string) => doors.ask(`GET ${JOHN}/messages?as=${as}`);

async function erase(user: string): Promise<void> {
  expect(await doors.world.run({ user })).toMatchObject({ status: 'SUCCEEDED' });
}

describe('an address that changed hands', () => {
  test('W7, X6: inherits no rights from whoever had it before', async () => {
    await share('anna@x.org', 'lrswit');
    await doors.deliver('INBOX');
    expect((await read('anna@x.org')).status).toBe(200);
    await erase('anna@x.org');
    expectProblem(await read('anna@x.org'), 404, 'urn:lethe:unknown-user');
    await doors.addAccount('anna@x.org');
    expectProblem(await read('anna@x.org'), 404, 'urn:lethe:unknown-mailbox');
    expect(await entries()).toEqual({});
    await share('anna@x.org', 'lr');
    expect((await read('anna@x.org')).status).toBe(200);
  });

  test('W7: nor is its new owner told of as who expunged or deleted before', async () => {
    doors.settings = { lazyExpunge: 'in-place', deleteMode: 'delayed' };
    await doors.make('Work');
    await share('anna@x.org', 'lrtex');
    await share('anna@x.org', 'lrtex', 'Work');
    await doors.deliver('INBOX');
    await doors.ask(`POST ${JOHN}/messages/expunge?${ANNA}`, {
      body: { mailbox: 'INBOX', uids: [1] },
    });
    await doors.removed({ mailbox: 'Work' }, JOHN, ANNA);
    const told = async () => {
      const { body } = await doors.ask(`GET ${ADMIN}/messages/expunged?mailbox=INBOX`);
      const [expunged] = body['items'] as readonly { readonly expungedBy: string }[];
      return [expunged?.expungedBy, (await doors.deleted())[0]?.requestedBy];
    };
    expect(await told()).toEqual(['anna@x.org', 'unknown for anna@x.org']);
    await erase('anna@x.org');
    await doors.addAccount('anna@x.org');
    const id = expect.stringMatching(/^(unknown for )?[0-9a-f]{24}$/);
    expect(await told()).toEqual([id, id]);
    const stored = doors.world.rows.rows('dictmap').map(({ attributes }) => {
      return JSON.stringify(attributes);
    });
    expect(stored.filter((attributes) => attributes.includes('anna@x.org'))).toEqual([]);
  });
});

describe('whom an entry names', () => {
  test('RFC 4314: the account, by any of its addresses, shown by the main one', async () => {
    const body = { user: 'bob@x.org', aliases: ['robert@x.org'] };
    await doors.ask('POST /v1/accounts', { body });
    expect((await share('robert@x.org', 'lr')).body).toEqual({ entries: { 'bob@x.org': 'lr' } });
    for (const as of ['bob@x.org', 'robert@x.org']) expect((await read(as)).status).toBe(200);
    await share('bob@x.org', '+s');
    await share('robert@x.org', '-l');
    expect(await entries()).toEqual({ 'bob@x.org': 'rs' });
    await share('robert@x.org', '');
    expect(await entries()).toEqual({});
    expectProblem(await read('bob@x.org'), 404, 'urn:lethe:unknown-mailbox');
  });

  test('O2: nobody, where nobody has the address; it can be taken away all the same', async () => {
    expectProblem(await share('nobody@x.org', 'lr'), 404, 'urn:lethe:unknown-user');
    expect((await share('nobody@x.org', '')).body).toEqual({ entries: {} });
    expect((await share('nobody@x.org', '-lr')).body).toEqual({ entries: {} });
    expectProblem(await share('anyone at all', 'lr'), 400, 'urn:lethe:invalid-input', [
      'identifier',
    ]);
  });

  test('RFC 4314: the owner by no address; anyone stays who has an account', async () => {
    await doors.ask('POST /v1/accounts', { body: { user: 'bob@x.org', aliases: ['b@x.org'] } });
    const acl = { mailbox: 'INBOX', identifier: 'b@x.org', rights: 'lr' };
    const own = await doors.ask('PUT /v1/accounts/bob@x.org/mailboxes/acl', { body: acl });
    expectProblem(own, 403, 'urn:lethe:not-allowed');
    expect((await share('anyone', 'lr')).body).toEqual({ entries: { anyone: 'lr' } });
    for (const as of ['anna@x.org', 'b@x.org']) expect((await read(as)).status).toBe(200);
    expectProblem(await read('nobody@x.org'), 404, 'urn:lethe:unknown-user');
  });

  test('W1: 64 of them keep what a delivery pays for the mailbox below eight write units', async () => {
    const long = `${'x'.repeat(60)}@${'y'.repeat(60)}.${'z'.repeat(60)}.org`;
    for (let n = 0; n < 64; n += 1) {
      await doors.addAccount(`u${n}${long}`);
      expect((await share(`u${n}${long}`, 'lrswipkxtea')).status).toBe(200);
    }
    await doors.addAccount('last@x.org');
    expectProblem(await share('last@x.org', 'lr'), 400, 'urn:lethe:invalid-input', ['identifier']);
    const row = doors.world.rows.rows('dictmap').find(({ attributes }) => {
      return attributes['type'] === 'mailbox' && attributes['acl'] !== undefined;
    });
    if (row === undefined) throw new Error('no mailbox row');
    // Two for each KB, as transactions are billed; the longest name takes 800 bytes more.
    expect(rowBytes(row.key, row.attributes) + 800).toBeLessThan(4 * 1024);
  });
});
