/** What S3 may answer to a conditional write, and no emulator does on demand. */
import { expect, test } from 'vitest';
import { S3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import { scriptedClients } from './scripted-clients.ts';
import { type Script, s3Fault } from './scripted-endpoint.ts';

const BODY = Buffer.from('mail');
const HEADERS = { 'x-amz-version-id': 'v1', 'content-length': String(BODY.length) };

async function storeOf(script: Script) {
  const { clients, endpoint } = await scriptedClients(script);
  return { store: new S3ObjectStore({ client: clients.s3, bucket: 'mail' }), endpoint };
}

/** S3 as it is when a first try has landed and its answer was lost: each write finds the key taken. */
const taken: Script = (request, _number, response) => {
  if (request.method === 'HEAD') response.writeHead(200, HEADERS).end();
  else s3Fault(response, 412, 'PreconditionFailed');
};

test('W1: a PUT whose first try has landed answers the version of that one', async () => {
  const { store, endpoint } = await storeOf(taken);
  expect(await store.put('r30/0/a/mail/b', BODY)).toEqual({ versionId: 'v1' });
  const [put, head] = endpoint.requests;
  expect(put?.headers['if-none-match']).toBe('*');
  expect([put?.method, head?.method]).toEqual(['PUT', 'HEAD']);
});

test('W1: a COPY whose first try has landed answers the version of that one', async () => {
  const { store, endpoint } = await storeOf(taken);
  const from = { key: 'uploads/a/b', versionId: 'u1' };
  expect(await store.copy(from, 'r30/0/a/mail/b')).toEqual({ versionId: 'v1' });
  expect(endpoint.requests[0]?.headers['if-none-match']).toBe('*');
});

test('W5: other bytes under a new key are a fault, never taken for what was written', async () => {
  const { store } = await storeOf(taken);
  await expect(store.put('a', Buffer.from('other'))).rejects.toThrow(/bytes of another/);
});

test('W2: 409, where another try is under way, is tried later', async () => {
  const { store } = await storeOf((_request, _number, response) =>
    s3Fault(response, 409, 'ConditionalRequestConflict'),
  );
  const busy = { name: 'StoreBusyError' };
  await expect(store.put('a', BODY)).rejects.toMatchObject(busy);
  await expect(store.copy({ key: 'a', versionId: 'v' }, 'b')).rejects.toMatchObject(busy);
});
