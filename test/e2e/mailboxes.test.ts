import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailboxAnswer } from '../../functions/contract/api.ts';
import type {
  MailboxListItem,
  MailboxStatusAnswer,
  QuotaAnswer,
} from '../../functions/contract/mail-api.ts';
import type { SettingsAnswer } from '../../functions/contract/settings-api.ts';
import { makeCaller, transportOf } from './callers.ts';
import { lethe, letheJson } from './lethe-command.ts';

const DOMAIN = 'mailboxes.example';
const USER = `john+boxes@${DOMAIN}`;
const ANNA = `anna@${DOMAIN}`;

type Transport = ReturnType<typeof transportOf>;
let backend: Transport;

beforeAll(async () => {
  backend = transportOf(await makeCaller('MailBackendCaller', 'test-mailboxes'));
  for (const user of [USER, ANNA]) await letheJson('user', 'add', user);
});

afterAll(() => backend.close());

/** As a mail server does, in the name of the owner or of another user. */
async function ask<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  below: string,
  { body, query = {} }: { body?: object; query?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: T }> {
  const path = ['v1', 'accounts', USER, ...below.split('/')];
  const request = { method, path, query };
  const sent = body === undefined ? request : { ...request, body: JSON.stringify(body) };
  const answer = await backend.send(sent);
  const text = answer.body.toString();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T };
}

const names = async (...words: string[]) =>
  (await letheJson<MailboxListItem[]>('mailbox', 'list', '-u', USER, '*', ...words)).map(
    ({ path, placeholder }) => (placeholder === true ? `(${path})` : path),
  );

describe('mailboxes, quota and settings, as deployed', () => {
  test('a tree is made, shared, renamed; owners and administrators see what is theirs', async () => {
    for (const path of ['Work', 'Work/a/b']) await letheJson('mailbox', 'create', '-u', USER, path);
    expect(await names()).toEqual(['INBOX', 'Work', '(Work/a)', 'Work/a/b']);
    const acl = { mailbox: 'Work', identifier: ANNA, rights: 'lr' };
    expect((await ask('PUT', 'mailboxes/acl', { body: acl })).body).toEqual({
      entries: { [ANNA]: 'lr' },
    });
    expect(await names('--as', ANNA)).toEqual(['Work']);
    const refused = await lethe('mailbox', 'rename', '-u', USER, '--as', ANNA, 'Work', 'Mine');
    expect(refused.code).toBe(77);
    await letheJson<MailboxAnswer>('mailbox', 'rename', '-u', USER, 'Work', 'Old/Work');
    expect(await names('--as', USER)).toEqual([
      'INBOX',
      '(Old)',
      'Old/Work',
      '(Old/Work/a)',
      'Old/Work/a/b',
    ]);
    expect((await lethe('mailbox', 'create', '-u', USER, 'inbox')).code).toBe(65);
  });

  test('X3, W7: whoever is erased is in no ACL any more, nor is who gets the address then', async () => {
    const gone = `gone@${DOMAIN}`;
    await letheJson('user', 'add', gone);
    await letheJson('mailbox', 'create', '-u', USER, 'Shared');
    await letheJson('mailbox', 'create', '-u', gone, 'Own');
    const acl = { mailbox: 'Shared', identifier: gone, rights: 'lr' };
    expect((await ask('PUT', 'mailboxes/acl', { body: acl })).status).toBe(200);
    await letheJson('user', 'delete', gone, '--yes');
    expect((await lethe('user', 'add', gone)).stderr).toContain('reserved');
    await letheJson('address', 'release', gone);
    await letheJson('user', 'add', gone);
    const query = { mailbox: 'Shared' };
    expect((await ask('GET', 'mailboxes/acl', { query })).body).toEqual({ entries: {} });
    expect(await names('--as', gone)).toEqual([]);
  });

  test('L7, L8: quota and hidden storage follow the settings of domain and account', async () => {
    await letheJson('settings', 'set', '-d', DOMAIN, 'lazy_expunge=.EXPUNGED', 'quotaBytes=1K');
    const settings = await letheJson<SettingsAnswer>(
      ...['settings', 'set', '-u', USER, 'lazyExpungeOwnerAccess=hidden'],
      ...['quotaExempt=.EXPUNGED', 'mailboxes.INBOX.autoexpunge=30d'],
    );
    expect(settings.effective).toMatchObject({ lazyExpunge: '.EXPUNGED', quotaBytes: 1024 });
    const deliver = (bytes: number) =>
      ask('POST', 'messages', {
        body: { messages: [{ raw: Buffer.alloc(bytes, 'x').toString('base64') }] },
      });
    expect((await deliver(900)).status).toBe(201);
    expect((await deliver(200)).body).toMatchObject({ type: 'urn:lethe:quota-exceeded' });
    await ask('POST', 'messages/expunge', { body: { mailbox: 'INBOX', uids: [1] } });
    expect(await letheJson<QuotaAnswer>('quota', 'get', '-u', USER)).toEqual({
      bytes: 0,
      messages: 0,
      limitBytes: 1024,
    });
    expect(await names('--as', USER)).not.toContain('.EXPUNGED');
    expect(await names()).toContain('.EXPUNGED');
    const query = { mailbox: '.EXPUNGED' };
    const status = await ask<MailboxStatusAnswer>('GET', 'mailboxes/status', { query });
    expect(status.body).toMatchObject({ messages: 1, bytes: 900, unseen: 1 });
    const smuggled = await ask('POST', 'messages', {
      body: { mailbox: '.EXPUNGED', messages: [{ raw: 'eA==' }] },
    });
    expect(smuggled.body).toMatchObject({ type: 'urn:lethe:not-allowed' });
  });

  test('quota is set and counted again; subscriptions come and go', async () => {
    await letheJson('quota', 'set', '-u', USER, '2G');
    const counted = await letheJson<QuotaAnswer>('quota', 'recount', '-u', USER);
    expect(counted).toEqual({ bytes: 0, messages: 0, limitBytes: 2 ** 31, drift: [] });
    for (const path of ['INBOX', 'Gone']) await ask('POST', 'subscriptions', { body: { path } });
    expect((await ask('DELETE', 'subscriptions', { query: { path: 'Gone' } })).status).toBe(204);
    expect((await ask('GET', 'subscriptions')).body).toEqual({ items: [{ path: 'INBOX' }] });
  });
});
