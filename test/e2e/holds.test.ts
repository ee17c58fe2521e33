/** A hold over mail that was expunged, and its release, as deployed. */
import { afterAll, expect, test } from 'vitest';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { mail } from '../simulation/mail.ts';
import { lethe, letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores } from './stores.ts';

const USER = 'held@case.example';
const CASE = ['-u', USER, '--case', '4711'];

const { ports, clients } = deployedStores();
afterAll(() => clients.destroy());

interface Listed {
  readonly items: readonly { readonly expiresAt?: string }[];
}

const expunged = () => letheJson<Listed['items']>('message', 'list', '-u', USER, '-m', '.EXPUNGED');

test('W6: what was expunged loses its end under a hold, and gets one again after it', async () => {
  await createAccount(ports, CLASSES, { user: USER, retentionClass: 'r30' });
  const messages = ['one', 'two', 'three'].map((text) => ({ raw: mail(text) }));
  await deliverMessages(ports, { user: USER, messages }, Date.now() + 20_000);
  await letheJson('settings', 'set', '-u', USER, 'lazyExpunge=.EXPUNGED', '--yes');
  await letheJson('mailbox', 'create', '-u', USER, 'Copies');
  await letheJson('message', 'copy', '-u', USER, '-m', 'INBOX', '--uid', '2', '--to', 'Copies');
  for (const mailbox of ['INBOX', 'Copies']) {
    await letheJson('message', 'expunge', '-u', USER, '-m', mailbox, '--uid', '1:2', '--yes');
  }
  const before = await expunged();
  expect(before.every(({ expiresAt }) => expiresAt !== undefined)).toBe(true);

  await letheJson('hold', 'place', ...CASE, '--reason', 'court order');
  expect((await expunged()).map(({ expiresAt }) => expiresAt)).toEqual(before.map(() => undefined));
  const refused = await lethe('message', 'expunge', '-u', USER, '-m', 'INBOX', '--all', '--yes');
  expect(refused.code).toBe(77);
  expect((await lethe('hold', 'list', '-u', USER)).stdout).toContain('4711');

  await letheJson('hold', 'release', ...CASE, '--yes');
  const after = await expunged();
  expect(after).toHaveLength(before.length);
  expect(after.every(({ expiresAt }) => expiresAt !== undefined)).toBe(true);
});
