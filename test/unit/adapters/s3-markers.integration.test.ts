/** What S3 may answer to a conditional delete, and no emulator does on demand. */
import { expect, test } from 'vitest';
import { S3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import { scriptedClients } from './scripted-clients.ts';
import { type ScriptedEndpoint, s3Fault } from './scripted-endpoint.ts';

/** A store whose S3 answers every request with one fault. */
async function storeAnswering(
  status: number,
  code: string,
): Promise<{ readonly store: S3ObjectStore; readonly endpoint: ScriptedEndpoint }> {
  const { clients, endpoint } = await scriptedClients((_request, _number, response) =>
    s3Fault(response, status, code),
  );
  return { store: new S3ObjectStore({ client: clients.s3, bucket: 'mail' }), endpoint };
}

test.each([
  [404, 'NoSuchKey'],
  [412, 'PreconditionFailed'],
])('X5: %d %s means that nothing is left to hide', async (status, code) => {
  const { store, endpoint } = await storeAnswering(status, code);
  expect(await store.placeMarker('a')).toBe(false);
  const [request] = endpoint.requests;
  expect(request?.method).toBe('DELETE');
  expect(request?.headers['if-match']).toBe('*');
  expect(request?.url).not.toContain('versionId');
});

test('X5: 409, where others write at the same time, is tried later', async () => {
  const { store } = await storeAnswering(409, 'ConditionalRequestConflict');
  await expect(store.placeMarker('a')).rejects.toMatchObject({ name: 'StoreBusyError' });
});

test.each([
  [404, 'NoSuchBucket', 'NoSuchBucket'],
  [403, 'AccessDenied', 'PermissionMissingError'],
  [501, 'NotImplemented', 'NotImplemented'],
])('W5: %d %s is a fault and never a key without a version', async (status, code, name) => {
  const { store } = await storeAnswering(status, code);
  await expect(store.placeMarker('a')).rejects.toMatchObject({ name });
});
