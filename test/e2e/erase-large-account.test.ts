import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperationAnswer } from '../../functions/contract/api.ts';
import { accountPrefixes, mailKey } from '../../functions/contract/key-layout.ts';
import { accountPartition, blobPartition } from '../../functions/contract/row-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { recordCache } from '../../functions/core/caches/caches.ts';
import { setDict } from '../../functions/core/dicts/dicts.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { listMailboxes } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { putObject } from '../../functions/core/objects/opaque-objects.ts';
import { inParallel } from '../../functions/core/rows/parallel.ts';
import { everyPartition } from '../every-partition.ts';
import { furnish, mail } from '../simulation/mail.ts';
import { SOAK } from '../soak-sizes.ts';
import { awsCli } from './aws-cli.ts';
import { lethe, letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores, replacedObjectsGone } from './stores.ts';

/** The second one's address begins with the first one's. */
const USER = 'a@x.co';
const NEIGHBOUR = 'a@x.com';
const MESSAGES = SOAK.erasedMessages;
const MAILBOXES = ['INBOX', 'Sent', 'Archive/2025', 'Größe'];
const BATCH = 98;

const { ports, clients, outputs } = deployedStores();
let account: Account;
let neighbour: Account;
let mailboxes: readonly Mailbox[];

async function fill(user: string, mailbox: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count - sent) }, (_, index) => ({
      raw: mail(`${mailbox} ${sent + index}`),
    }));
    await deliverMessages(ports, { user, mailbox, messages }, Date.now() + 60_000);
  }
}

/** Uploads never finished, markers, and several versions of one key. */
async function addDebris(accountId: string): Promise<void> {
  const Bucket = outputs.mailBucket;
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  await inParallel(numbers, 8, async (index) => {
    const blobId = index.toString(16).padStart(32, index % 2 === 0 ? '0' : 'f');
    const Key = mailKey('r7', accountId, blobId);
    for (let version = 0; version < 4; version += 1) {
      await clients.s3.send(
        new PutObjectCommand({ Bucket, Key, Body: mail(`version ${version}`) }),
      );
    }
    await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const upload = `uploads/${accountId}/${blobId}`;
    await clients.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: upload }));
    await clients.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  });
}

/** Everything of an account, versions and rows, for comparing byte for byte. */
async function everythingOf(of: Account) {
  const bodies: Record<string, string> = {};
  for (const Prefix of accountPrefixes(of.accountId, CLASSES.names)) {
    const command = new ListObjectVersionsCommand({ Bucket: outputs.mailBucket, Prefix });
    const page = await clients.s3.send(command);
    for (const { Key = '', VersionId = '', Size } of page.Versions ?? []) {
      const stored = await ports.objects.get(Key, VersionId);
      bodies[`${Key} ${VersionId} ${Size}`] = Buffer.from(stored?.body ?? []).toString('base64');
    }
  }
  const pk = accountPartition(of.accountId);
  const rows = await ports.rows.query({ table: 'dictmap', pk, limit: 500 });
  const { mailboxes: own } = await listMailboxes(ports.rows, of.accountId, { limit: 100 });
  const messages = await inParallel(
    own.flatMap(({ mailboxId, uidNext }) => everyPartition(mailboxId, uidNext)),
    4,
    (partition) => ports.rows.query({ table: 'dictmap', pk: partition, limit: 500 }),
  );
  return { bodies, rows: rows.rows, messages: messages.map((page) => page.rows) };
}

beforeAll(async () => {
  account = await createAccount(ports, CLASSES, { user: USER });
  for (const path of MAILBOXES.slice(1)) await createMailbox(ports, account, path);
  await inParallel(MAILBOXES, 4, (path) => fill(USER, path, MESSAGES / MAILBOXES.length));
  await addDebris(account.accountId);
  await furnishMore(account);
  neighbour = await furnish(ports, CLASSES, NEIGHBOUR, 40);
  for (const { accountId } of [account, neighbour]) {
    await replacedObjectsGone(ports.rows, accountId);
  }
  ({ mailboxes } = await listMailboxes(ports.rows, account.accountId, { limit: 100 }));
});

afterAll(() => clients.destroy());

/** Index bundles, FTS indexes and Sieve scripts (a third of them replaced), dicts, caches. */
async function furnishMore(of: Account): Promise<void> {
  const deadline = Date.now() + 60_000;
  const names = Array.from({ length: 20 }, (_, index) => `bundle-${index % 15}`);
  for (const kind of ['index', 'fts', 'sieve'] as const) {
    for (const name of names)
      await putObject(ports, of, { kind, name, body: mail(name) }, deadline);
  }
  for (const name of ['quota_clone', 'last_login']) {
    await setDict(ports, of, { name, value: '1' }, deadline);
  }
  await recordCache(ports, of, 'backend-1.example.org', deadline);
}

test(`X3, U3: an account of ${MESSAGES} messages is erased, as the AWS CLI lists it`, async () => {
  const before = await everythingOf(neighbour);
  expect(Object.keys(before.bodies).length).toBeGreaterThan(80);
  const aws = await awsCli();
  const { code, stdout, stderr } = await lethe('user', 'delete', USER, '--yes');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const operationId = /op-[0-9a-f]+/.exec(stdout)?.[0] ?? '';
  const operation = await letheJson<OperationAnswer>('operation', 'show', operationId);
  expect(operation).toMatchObject({ state: 'succeeded', certificate: true });
  expect(operation.counts).toMatchObject({
    messageRows: MESSAGES,
    objectVersions: MESSAGES + 30 * 4 + 3 * 15,
    deleteMarkers: 30,
    multipartUploads: 60,
    mailboxRows: MAILBOXES.length,
    dictRows: 2,
    cacheRows: 1,
  });

  // All of the bucket and of each partition, listed from outside.
  const listed = (await aws('s3api', 'list-object-versions', '--bucket', outputs.mailBucket)) as {
    Versions?: { Key: string }[];
    DeleteMarkers?: { Key: string }[];
  };
  const keys = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])].map(({ Key }) => Key);
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.filter((key) => key.includes(account.accountId))).toEqual([]);
  const uploads = (await aws(
    's3api',
    'list-multipart-uploads',
    '--bucket',
    outputs.mailBucket,
  )) as { Uploads?: { Key: string }[] };
  expect((uploads.Uploads ?? []).filter(({ Key }) => Key.includes(account.accountId))).toEqual([]);
  const partitions = [
    accountPartition(account.accountId),
    ...mailboxes.flatMap(({ mailboxId, uidNext }) => everyPartition(mailboxId, uidNext)),
    ...[...'0123456789abcdef'].map((shard) => blobPartition(account.accountId, shard)),
  ];
  const counts = await inParallel(partitions, 2, (pk) => countWithCli(aws, pk));
  expect(counts).toEqual(partitions.map(() => 0));

  expect(await everythingOf(neighbour)).toEqual(before);
});

async function countWithCli(
  aws: (...words: string[]) => Promise<unknown>,
  pk: string,
): Promise<number | undefined> {
  const answer = (await aws(
    'dynamodb',
    'query',
    '--table-name',
    outputs.dictmapTable,
    '--consistent-read',
    '--select',
    'COUNT',
    '--key-condition-expression',
    'pk = :pk',
    '--expression-attribute-values',
    JSON.stringify({ ':pk': { S: pk } }),
  )) as { Count?: number };
  return answer.Count;
}
