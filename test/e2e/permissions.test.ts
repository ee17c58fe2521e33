import { BatchWriteItemCommand, DeleteItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { SignCommand } from '@aws-sdk/client-kms';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiRequest, Credentials } from '../../cli/api/transport.ts';
import { mailKey } from '../../functions/contract/key-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { listMailboxes } from '../../functions/core/mailboxes/mailboxes.ts';
import type { SdkClients } from '../sdk-clients.ts';
import { furnish } from '../simulation/mail.ts';
import { makeCaller, transportOf, unsignedStatus } from './callers.ts';
import { answerTo, clientsAs, DENIED, serviceRoles } from './deployed-roles.ts';
import { CLASSES, deployedStores } from './stores.ts';

/** Needs escaping in a path: what is signed, routed and matched must be the same. */
const USER = 'kept+mail@example.org';

const { ports, clients, outputs } = deployedStores();
const Bucket = outputs.mailBucket;
const own: SdkClients[] = [];
let roles: ReadonlyMap<string, string>;
let account: Account;
let stored: { readonly Key: string; readonly VersionId: string };

/** Without the machine, whose role nobody but Step Functions may take on. */
function functions(): readonly string[] {
  const found = [...roles.keys()].filter((construct) => !construct.endsWith('Machine'));
  expect(found.length).toBeGreaterThan(12);
  return found;
}

async function as(construct: string): Promise<SdkClients> {
  const made = await clientsAs(roles.get(construct) ?? `no role of ${construct}`);
  own.push(made);
  return made;
}

beforeAll(async () => {
  roles = await serviceRoles();
  account = await furnish(ports, CLASSES, USER, 20);
  const Prefix = 'r30/';
  const { Versions = [] } = await clients.s3.send(
    new ListObjectVersionsCommand({ Bucket, Prefix }),
  );
  const { Key = '', VersionId = '' } =
    Versions.find((one) => one.Key?.includes(account.accountId)) ?? {};
  stored = { Key, VersionId };
  expect(VersionId).not.toBe('');
});

afterAll(() => {
  for (const { destroy } of [clients, ...own]) destroy();
});

describe('functions are held to their step by their own roles', () => {
  test('W1: MailApi reads and writes bodies, and deletes no version and no account', async () => {
    const { s3, dynamoDb } = await as('MailApi');
    expect(await answerTo(s3.send(new GetObjectCommand({ Bucket, ...stored })))).toBe('allowed');
    const calls = [
      s3.send(new DeleteObjectCommand({ Bucket, ...stored })),
      s3.send(new DeleteObjectCommand({ Bucket, Key: stored.Key })),
      s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [stored] } })),
      s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'r30/' })),
      dynamoDb.send(new DeleteItemCommand({ TableName: outputs.registryTable, Key: KEY })),
    ];
    expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
  });

  test('EraseRange lists and removes versions, and cannot read or write a body', async () => {
    const { s3, dynamoDb } = await as('EraseRange');
    const list = new ListObjectVersionsCommand({ Bucket, Prefix: 'r30/' });
    expect(await answerTo(s3.send(list))).toBe('allowed');
    const { Key } = stored;
    const calls = [
      s3.send(new GetObjectCommand({ Bucket, ...stored })),
      s3.send(new GetObjectCommand({ Bucket, Key })),
      s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })),
      s3.send(new DeleteObjectCommand({ Bucket: outputs.evidenceBucket, Key: 'certificates/x' })),
      dynamoDb.send(new DeleteItemCommand({ TableName: outputs.registryTable, Key: KEY })),
    ];
    expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
  });

  test('VerifyErasure lists, and can delete nothing', async () => {
    const { s3, dynamoDb } = await as('VerifyErasure');
    const list = new ListObjectVersionsCommand({ Bucket, Prefix: 'r30/' });
    expect(await answerTo(s3.send(list))).toBe('allowed');
    const TableName = outputs.dictmapTable;
    const upload = { Bucket, Key: mailKey('r30', account.accountId, '0'.repeat(32)) };
    const { UploadId } = await clients.s3.send(new CreateMultipartUploadCommand(upload));
    const calls = [
      s3.send(new DeleteObjectCommand({ Bucket, ...stored })),
      s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [stored] } })),
      s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId })),
      s3.send(new GetObjectCommand({ Bucket, ...stored })),
      dynamoDb.send(new DeleteItemCommand({ TableName, Key: KEY })),
      dynamoDb.send(
        new BatchWriteItemCommand({
          RequestItems: { [TableName]: [{ DeleteRequest: { Key: KEY } }] },
        }),
      ),
    ];
    expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
  });

  test('ProvisioningApi reaches no mail', async () => {
    const { s3, dynamoDb } = await as('ProvisioningApi');
    const calls = [
      s3.send(new GetObjectCommand({ Bucket, ...stored })),
      s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'r30/' })),
      s3.send(new DeleteObjectCommand({ Bucket, ...stored })),
      dynamoDb.send(new DeleteItemCommand({ TableName: outputs.registryTable, Key: KEY })),
    ];
    expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
  });

  test('U7: only CertifyErasure writes evidence and signs, and nobody removes any', async () => {
    const Key = 'certificates/op-0000.json';
    const evidence = { Bucket: outputs.evidenceBucket, Key };
    const key = {
      KeyId: outputs.certificateKeyId,
      Message: Buffer.from('a certificate'),
      SigningAlgorithm: 'RSASSA_PSS_SHA_256',
    } as const;
    const writers: string[] = [];
    const signers: string[] = [];
    const removers: string[] = [];
    for (const construct of functions()) {
      const { s3, kms } = await as(construct);
      const tried = [
        [writers, () => s3.send(new PutObjectCommand({ ...evidence, Body: construct }))],
        [signers, () => kms.send(new SignCommand(key))],
        [removers, () => s3.send(new DeleteObjectCommand(evidence))],
      ] as const;
      for (const [list, call] of tried) {
        const answer = await answerTo(call());
        if (answer !== DENIED) list.push(`${construct}: ${answer}`);
      }
    }
    expect(writers).toEqual(['CertifyErasure: allowed']);
    expect(signers).toEqual(['CertifyErasure: allowed']);
    expect(removers).toEqual([]);
    const { s3 } = await as('CertifyErasure');
    const elsewhere = new PutObjectCommand({ ...evidence, Key: 'elsewhere', Body: 'x' });
    expect(await answerTo(s3.send(elsewhere))).toBe(DENIED);
  });

  test('no function but ProvisioningApi and the schedule starts executions', async () => {
    const stateMachineArn = outputs.stateMachines['delete-account'];
    const starters: string[] = [];
    for (const construct of functions()) {
      const { sfn } = await as(construct);
      const input = JSON.stringify({ user: 'nobody' });
      const answer = await answerTo(
        sfn.send(new StartExecutionCommand({ stateMachineArn, input })),
      );
      if (answer !== DENIED) starters.push(`${construct}: ${answer}`);
    }
    expect(starters.sort()).toEqual(['ProvisioningApi: allowed', 'RunDue: allowed']);
  });

  test('nothing of the account was changed by all of this', async () => {
    expect((await ports.objects.get(stored.Key, stored.VersionId))?.body.length).toBeGreaterThan(0);
    const pk = { ':pk': { S: `account#${account.accountId}` } };
    const query = new QueryCommand({
      TableName: outputs.dictmapTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: pk,
    });
    expect((await clients.dynamoDb.send(query)).Count).toBeGreaterThan(10);
    const { mailboxes } = await listMailboxes(ports.rows, account.accountId, { limit: 100 });
    expect(mailboxes.map(({ messages }) => messages)).toEqual([20, 20]);
  });
});

const KEY = { pk: { S: 'account#none' }, sk: { S: 'account' } };

const ACCOUNTS = ['v1', 'accounts'];
const ADMIN = ['v1', 'admin', 'accounts'];
const REQUESTS = {
  show: { method: 'GET', path: [...ACCOUNTS, USER] },
  remove: { method: 'DELETE', path: [...ACCOUNTS, USER] },
  create: { method: 'POST', path: ACCOUNTS, body: '{"user":"new-one@example.org"}' },
  operation: { method: 'GET', path: ['v1', 'operations', 'op-1'] },
  key: { method: 'GET', path: ['v1', 'certificate-key'] },
  mailboxes: { method: 'GET', path: [...ACCOUNTS, USER, 'mailboxes'] },
  list: { method: 'GET', path: [...ACCOUNTS, USER, 'messages'] },
  fetch: { method: 'GET', path: [...ACCOUNTS, USER, 'messages', '1'] },
  deliver: { method: 'POST', path: [...ACCOUNTS, USER, 'messages'], body: '{"messages":[]}' },
  ownQuota: { method: 'GET', path: [...ACCOUNTS, USER, 'quota'] },
  adminList: { method: 'GET', path: [...ADMIN, USER, 'messages'] },
  adminRename: { method: 'POST', path: [...ADMIN, USER, 'mailboxes', 'rename'], body: '{}' },
  recount: { method: 'POST', path: [...ADMIN, USER, 'quota', 'recount'] },
  quota: { method: 'PUT', path: [...ADMIN, USER, 'quota'], body: '{"limitBytes":null}' },
  settings: { method: 'PATCH', path: [...ADMIN, USER, 'settings'], body: '{"unset":[]}' },
  domain: { method: 'GET', path: ['v1', 'admin', 'domains', 'example.org', 'settings'] },
} as const satisfies Record<string, ApiRequest>;
const MAIL = ['mailboxes', 'list', 'fetch', 'deliver', 'ownQuota'];
const ADMIN_MAIL = ['adminList', 'adminRename', 'recount'];

/** By request: 403, or another status, which the function itself answered. */
async function statusesFor(credentials: Credentials): Promise<Record<string, number>> {
  const transport = transportOf(credentials);
  try {
    const statuses: Record<string, number> = {};
    for (const [name, request] of Object.entries(REQUESTS)) {
      if (name === 'remove') continue;
      statuses[name] = (await transport.send(request)).status;
    }
    // Last, as it is not to be answered where it is allowed: a dry run changes nothing.
    const remove = { ...REQUESTS.remove, query: { dryRun: 'true' } };
    statuses['remove'] = (await transport.send(remove)).status;
    return statuses;
  } finally {
    transport.close();
  }
}

const refused = (statuses: Record<string, number>) =>
  Object.keys(statuses).filter((name) => statuses[name] === 403);

describe('callers are held to the doors by their policies', () => {
  test('one with the provisioning policy cannot list, read or deliver mail', async () => {
    const statuses = await statusesFor(await makeCaller('ProvisioningCaller'));
    expect(refused(statuses)).toEqual([...MAIL, ...ADMIN_MAIL]);
    expect(statuses).toMatchObject({
      quota: 200,
      settings: 200,
      domain: 200,
      show: 200,
      create: 201,
      operation: 404,
      key: 200,
      remove: 200,
    });
  });

  test('one with the mail-backend policy cannot create, show or delete an account', async () => {
    const statuses = await statusesFor(await makeCaller('MailBackendCaller'));
    const accounts = ['show', 'create', 'operation', 'key'];
    const changes = ['quota', 'settings', 'domain', 'remove'];
    expect(refused(statuses)).toEqual([...accounts, ...ADMIN_MAIL, ...changes]);
    expect(statuses).toMatchObject({ mailboxes: 200, list: 200, fetch: 200, ownQuota: 200 });
  });

  test('one with the operator policy can do both', async () => {
    expect(refused(await statusesFor(await makeCaller('OperatorCaller')))).toEqual([]);
  });

  test('a wrong secret and an unknown key are refused everywhere', async () => {
    const { accessKeyId } = await makeCaller('OperatorCaller', 'test-wrong-secret');
    const wrong = await statusesFor({ accessKeyId, secretAccessKey: 'not the secret' });
    expect(refused(wrong)).toHaveLength(Object.keys(REQUESTS).length);
    const unknown = { accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'none' };
    expect(refused(await statusesFor(unknown))).toHaveLength(Object.keys(REQUESTS).length);
  });

  test('an unsigned request is refused everywhere', async () => {
    const statuses: number[] = [];
    for (const request of Object.values(REQUESTS)) statuses.push(await unsignedStatus(request));
    expect(statuses).toEqual(Object.values(REQUESTS).map(() => 403));
  });
});
