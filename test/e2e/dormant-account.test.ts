/** Nobody looks at an account any more: what it has expunged ends all the same. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { accountPrefixes, SHARDS } from '../../functions/contract/key-layout.ts';
import { blobPartition, messagePartition } from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { listMailboxes } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { everyRow } from '../../functions/core/rows/paging.ts';
import { advance } from '../../local/advance.ts';
import { readClock, setClockOffset } from '../../local/instance-clock.ts';
import { mail } from '../simulation/mail.ts';
import { letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores, until } from './stores.ts';

const { directory } = inject('lethe');
const { ports, clients } = deployedStores();
const USER = 'dormant@clock.example';
const DAY = 86_400;
let before = 0;

beforeAll(async () => {
  before = (await readClock(directory)).offsetSeconds;
});

afterAll(async () => {
  // Other tests live by the machine's clock.
  await setClockOffset(directory, before, { keepSchedules: true });
  clients.destroy();
});

async function makeAccount(): Promise<string> {
  const { accountId } = await createAccount(ports, CLASSES, { user: USER, retentionClass: 'r7' });
  const messages = ['expunged', 'expunged twice', 'live'].map((text) => ({ raw: mail(text) }));
  await deliverMessages(ports, { user: USER, messages }, Date.now() + 20_000);
  await letheJson('settings', 'set', '-u', USER, 'lazyExpunge=.EXPUNGED');
  await letheJson('mailbox', 'create', '-u', USER, 'Copies');
  await letheJson('message', 'copy', '-u', USER, '--from', 'INBOX', '--uid', '2', '--to', 'Copies');
  return accountId;
}

/** Versions and markers, the latest first within a key: `v` and `m`. */
async function stored(accountId: string): Promise<readonly string[]> {
  const byKey = new Map<string, string>();
  for (const prefix of accountPrefixes(accountId, CLASSES.names)) {
    for (const { key, deleteMarker } of (await ports.objects.listVersions(prefix)).entries) {
      byKey.set(key, `${byKey.get(key) ?? ''}${deleteMarker ? 'm' : 'v'}`);
    }
  }
  return [...byKey.values()].sort();
}

/** Message rows by mailbox and state, and blob rows by what they are. */
async function rowsOf(accountId: string): Promise<readonly string[]> {
  const { mailboxes } = await listMailboxes(ports.rows, accountId, { limit: 100 });
  const found: string[] = [];
  for (const { mailboxId, path } of mailboxes) {
    const pk = messagePartition(mailboxId, 0);
    for await (const { attributes } of everyRow(ports.rows, { table: 'dictmap', pk, limit: 100 })) {
      found.push(`${path} ${attributes['state']}`);
    }
  }
  for (const shard of SHARDS) {
    const pk = blobPartition(accountId, shard);
    for await (const { attributes } of everyRow(ports.rows, { table: 'dictmap', pk, limit: 100 })) {
      found.push(`blob ${attributes['state']}`);
    }
  }
  return found.sort();
}

test('X2: without a sweep or a request, expunged mail ends: rows, versions and markers', async () => {
  const accountId = await makeAccount();
  const expunge = async (...words: string[]) =>
    (await letheJson<{ expunged: unknown[] }>('message', 'expunge', '-u', USER, '--yes', ...words))
      .expunged.length;
  expect(await expunge('-m', 'INBOX', '--uid', '1-2')).toBe(2);
  expect(await expunge('-m', 'Copies', '--all')).toBe(1);
  const kept = ['Copies expunged', 'INBOX expunged', 'INBOX expunged', 'INBOX live', 'blob live'];
  expect(await rowsOf(accountId)).toEqual(kept);
  await until('both markers', 60, async () =>
    (await stored(accountId)).join() === 'mv,mv,v' ? true : undefined,
  );

  // Seven days are promised.
  await advance({ directory, seconds: 7 * DAY - 600 });
  expect(await rowsOf(accountId)).toEqual(kept);
  expect(await stored(accountId)).toEqual(['mv', 'mv', 'v']);

  // Rows end 12 hours later; S3 counts 8 days, then to the next midnight, and then the marker.
  await advance({ directory, seconds: 3 * DAY });
  expect(await rowsOf(accountId)).toEqual(['INBOX live']);
  expect(await stored(accountId)).toEqual(['v']);
});
