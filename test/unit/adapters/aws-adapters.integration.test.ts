/** What S3, KMS and Step Functions may answer and no emulator does on demand. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { REQUEST_TRIES_MAX } from '../../../functions/adapters/backoff.ts';
import { KmsSigner } from '../../../functions/adapters/kms-signer.ts';
import { S3EvidenceStore } from '../../../functions/adapters/s3-evidence-store.ts';
import { S3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import { executionArn, SfnWorkflows } from '../../../functions/adapters/sfn-workflows.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { scriptedClients } from './scripted-clients.ts';
import { bodyOf, fault, json, type Script, s3Fault } from './scripted-endpoint.ts';

describe('objects in S3', () => {
  const storeWith = async (script: Script) => {
    const { clients, endpoint } = await scriptedClients(script);
    return { store: new S3ObjectStore({ client: clients.s3, bucket: 'mail' }), endpoint };
  };

  test.each([
    [404, 'NoSuchBucket', 'NoSuchBucket'],
    [403, 'AccessDenied', 'PermissionMissingError'],
    [400, 'InvalidArgument', 'InvalidArgument'],
  ])('W5: %d %s is a fault and never an absent object', async (status, code, name) => {
    const { store } = await storeWith((_request, _number, response) =>
      s3Fault(response, status, code),
    );
    await expect(store.get('a')).rejects.toMatchObject({ name });
    await expect(store.listVersions('a/')).rejects.toMatchObject({ name });
    await expect(store.listUploads('a/')).rejects.toMatchObject({ name });
    await expect(store.removeVersions([{ key: 'a', versionId: 'v' }])).rejects.toMatchObject({
      name,
    });
    await expect(store.abortUpload({ key: 'a', uploadId: 'u' })).rejects.toMatchObject({ name });
  });

  test.each([
    [404, 'NoSuchKey'],
    [404, 'NoSuchVersion'],
    [405, 'MethodNotAllowed'],
  ])('X1: %d %s is an absent object', async (status, code) => {
    const { store } = await storeWith((_request, _number, response) =>
      s3Fault(response, status, code),
    );
    expect(await store.get('a', 'v')).toBeUndefined();
  });

  test.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('O3: %d %s becomes StoreBusyError', async (status, name) => {
    const { store } = await storeWith((_request, _number, response) =>
      s3Fault(response, status, name),
    );
    const busy = { name: 'StoreBusyError', cause: { name } };
    await expect(store.put('a', new Uint8Array())).rejects.toMatchObject(busy);
    await expect(store.get('a')).rejects.toMatchObject(busy);
    await expect(store.listVersions('a/')).rejects.toMatchObject(busy);
    await expect(store.removeVersions([{ key: 'a', versionId: 'v' }])).rejects.toMatchObject(busy);
    await expect(store.abortUpload({ key: 'a', uploadId: 'u' })).rejects.toMatchObject(busy);
  });

  test('W1: a presigned PUT signs the length, and the checksum of no body', async () => {
    const { store } = await storeWith((_request, _number, response) => void response.end());
    const { url, headers } = await store.presignPut('uploads/a b+c', 7, 60);
    const { pathname, searchParams } = new URL(url);
    expect(pathname).toBe('/mail/uploads/a%20b%2Bc');
    expect(url).not.toMatch(/checksum/i);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
    expect(searchParams.get('X-Amz-Expires')).toBe('60');
    expect(headers).toEqual({ 'content-length': '7' });
  });

  test('W1: a presigned GET names the version, and what the answer is', async () => {
    const { store } = await storeWith((_request, _number, response) => void response.end());
    const { pathname, searchParams } = new URL(
      await store.presignGet({ key: 'r30/0/a b+c', versionId: 'v1' }, 60),
    );
    expect(pathname).toBe('/mail/r30/0/a%20b%2Bc');
    expect(searchParams.get('versionId')).toBe('v1');
    expect(searchParams.get('X-Amz-Expires')).toBe('60');
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(searchParams.get('response-content-type')).toBe('message/rfc822');
  });

  test('W1: a body that breaks off is no shorter message', async () => {
    const { store } = await storeWith((_request, _number, response) => {
      response.writeHead(200, { 'content-length': '10', 'x-amz-version-id': 'v' });
      response.write('abc', () => response.destroy());
    });
    await expect(store.get('a')).rejects.toMatchObject({ name: 'StoreBusyError' });
  });

  test('O2: every per-key failure is answered, absent versions are not', async () => {
    const { store, endpoint } = await storeWith((_request, _number, response) => {
      const errors = ['AccessDenied', 'NoSuchVersion', 'SlowDown', 'NoSuchKey', 'InternalError'];
      const entries = errors.map(
        (code, i) =>
          `<Error><Key>k${i}</Key><VersionId>v${i}</VersionId><Code>${code}</Code></Error>`,
      );
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(`<DeleteResult>${entries.join('')}</DeleteResult>`);
    });
    const versions = Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, versionId: `v${i}` }));
    expect(await store.removeVersions(versions)).toEqual([
      { key: 'k0', versionId: 'v0', code: 'AccessDenied' },
      { key: 'k2', versionId: 'v2', code: 'SlowDown' },
      { key: 'k4', versionId: 'v4', code: 'InternalError' },
    ]);
    const body = String(endpoint.requests[0]?.body);
    expect(body).toContain('<Quiet>true</Quiet>');
    expect(body.match(/<VersionId>v\d<\/VersionId>/g)).toHaveLength(6);
  });

  test('W1: a bucket without versioning is refused at the first put', async () => {
    const { store } = await storeWith((_request, _number, response) => response.end());
    await expect(store.put('a', new Uint8Array())).rejects.toThrow('keeps no versions');
  });
});

describe('evidence in S3', () => {
  const storeWith = async (script: Script) => {
    const { clients, endpoint } = await scriptedClients(script);
    const clock = new VirtualClock();
    const options = { client: clients.s3, bucket: 'evidence', clock, ids: new SeededIds() };
    return { options, endpoint };
  };
  const LOCKED_UNTIL = Date.parse('2036-11-22T10:20:30Z');
  const BYTES = Buffer.from('{"erased":1}');

  test('U7: is put once, with a checksum, locked in the mode and until the time given', async () => {
    const { options, endpoint } = await storeWith((_request, _number, response) => response.end());
    for (const lockMode of ['COMPLIANCE', 'GOVERNANCE'] as const) {
      const store = new S3EvidenceStore({ ...options, lockMode });
      expect(await store.save('c.json', BYTES, LOCKED_UNTIL)).toBe('saved');
      expect(endpoint.requests.at(-1)?.headers).toMatchObject({
        'if-none-match': '*',
        'x-amz-object-lock-mode': lockMode,
        'x-amz-object-lock-retain-until-date': '2036-11-22T10:20:30Z',
        'x-amz-checksum-sha256': createHash('sha256').update(BYTES).digest('base64'),
      });
    }
    await new S3EvidenceStore(options).save('c.json', BYTES, LOCKED_UNTIL);
    const headers = endpoint.requests.at(-1)?.headers ?? {};
    expect(headers['if-none-match']).toBe('*');
    expect(Object.keys(headers).filter((name) => name.includes('object-lock'))).toEqual([]);
  });

  test('U5: another put under way is waited for, until it is decided', async () => {
    const { options, endpoint } = await storeWith((_request, number, response) => {
      if (number < 2) s3Fault(response, 409, 'ConditionalRequestConflict');
      else s3Fault(response, 412, 'PreconditionFailed');
    });
    const store = new S3EvidenceStore(options);
    expect(await store.save('c.json', BYTES, LOCKED_UNTIL)).toBe('exists');
    expect(endpoint.requests).toHaveLength(3);
  });

  test('O3: but not for ever', async () => {
    const { options, endpoint } = await storeWith((_request, _number, response) =>
      s3Fault(response, 409, 'ConditionalRequestConflict'),
    );
    await expect(
      new S3EvidenceStore(options).save('c.json', BYTES, LOCKED_UNTIL),
    ).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(endpoint.requests).toHaveLength(REQUEST_TRIES_MAX);
  });

  test('W5: a denied read is not a missing certificate', async () => {
    const { options } = await storeWith((_request, _number, response) =>
      s3Fault(response, 403, 'AccessDenied'),
    );
    await expect(new S3EvidenceStore(options).read('c.json')).rejects.toMatchObject({
      name: 'PermissionMissingError',
    });
  });
});

describe('signing with KMS', () => {
  test('U7: sends the digest and the algorithm, whatever the length of the message', async () => {
    const { clients, endpoint } = await scriptedClients((_request, _number, response) =>
      json(response, { Signature: Buffer.from('signed').toString('base64') }),
    );
    const signer = new KmsSigner({ client: clients.kms, keyId: 'alias/certificates' });
    const message = Buffer.alloc(10_000, 'm');
    expect(Buffer.from(await signer.sign(message)).toString()).toBe('signed');
    expect(bodyOf(endpoint.requests[0])).toEqual({
      KeyId: 'alias/certificates',
      Message: createHash('sha256').update(message).digest('base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'RSASSA_PSS_SHA_256',
    });
  });

  test('O3: throttling becomes StoreBusyError, a missing permission has its own error', async () => {
    for (const [given, name] of [
      ['ThrottlingException', 'StoreBusyError'],
      ['KMSInternalException', 'StoreBusyError'],
      ['AccessDeniedException', 'PermissionMissingError'],
    ]) {
      const { clients } = await scriptedClients((_request, _number, response) =>
        fault(response, String(given)),
      );
      const signer = new KmsSigner({ client: clients.kms, keyId: 'k' });
      await expect(signer.sign(Buffer.from('m'))).rejects.toMatchObject({ name });
      await expect(signer.publicKey()).rejects.toMatchObject({ name });
    }
  });
});

describe('workflows in Step Functions', () => {
  const MACHINE = 'arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Lethe-Delete';
  const workflowsWith = async (script: Script) => {
    const { clients, endpoint } = await scriptedClients(script);
    const machineArns = { 'delete-account': MACHINE };
    return { workflows: new SfnWorkflows({ client: clients.sfn, machineArns }), endpoint };
  };

  test('U5: asks for the execution of its machine, and maps every status', async () => {
    const statuses = {
      RUNNING: 'running',
      PENDING_REDRIVE: 'running',
      SUCCEEDED: 'succeeded',
      FAILED: 'failed',
      TIMED_OUT: 'failed',
      ABORTED: 'failed',
    };
    const names = Object.keys(statuses);
    const { workflows, endpoint } = await workflowsWith((_request, number, response) =>
      json(response, { status: names[number] }),
    );
    for (const expected of Object.values(statuses)) {
      expect(await workflows.status('delete-account', 'op-1')).toBe(expected);
    }
    expect(bodyOf(endpoint.requests[0])).toEqual({
      executionArn: 'arn:aws-cn:states:cn-north-1:123456789012:execution:Lethe-Delete:op-1',
    });
    await expect(workflows.status('delete-account', 'op-1')).rejects.toThrow('unknown execution');
  });

  test('U5: starts the machine of the verb with the name and the input', async () => {
    const { workflows, endpoint } = await workflowsWith((_request, number, response) => {
      if (number === 0) json(response, { executionArn: 'a', startDate: 1 });
      else fault(response, 'ExecutionAlreadyExists');
    });
    const input = { operationId: 'op', attempt: 1 };
    expect(await workflows.start('delete-account', 'op-1', input)).toBe('started');
    expect(await workflows.start('delete-account', 'op-1', input)).toBe('exists');
    const body = bodyOf(endpoint.requests[0]);
    expect(body).toMatchObject({ stateMachineArn: MACHINE, name: 'op-1' });
    expect(JSON.parse(String(body['input']))).toEqual(input);
  });

  test('W5: a missing machine or permission is a fault, not an unknown execution', async () => {
    for (const [given, name] of [
      ['StateMachineDoesNotExist', 'StateMachineDoesNotExist'],
      ['AccessDeniedException', 'PermissionMissingError'],
    ]) {
      const { workflows } = await workflowsWith((_request, _number, response) =>
        fault(response, String(given)),
      );
      await expect(workflows.status('delete-account', 'op-1')).rejects.toMatchObject({ name });
      await expect(workflows.start('delete-account', 'op-1', {})).rejects.toMatchObject({ name });
    }
  });

  test.each(['', 'arn:aws:s3:::bucket', `${MACHINE}:alias`])(
    'O2: %j is no ARN of a state machine',
    (arn) => {
      expect(() => executionArn(arn, 'op-1')).toThrow(TypeError);
    },
  );
});
