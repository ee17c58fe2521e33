import { constants, createPublicKey, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SignedCertificate } from '../../../../functions/contract/api.ts';
import { CERTIFICATES_PREFIX } from '../../../../functions/contract/key-layout.ts';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import {
  type Certificate,
  certificateName,
  signCertificate,
} from '../../../../functions/core/evidence/certificate.ts';
import {
  certificateKeyPem,
  readCertificate,
} from '../../../../functions/core/evidence/read-certificate.ts';
import { residueOf } from '../../../../functions/core/evidence/residue.ts';
import { MemorySigner } from '../../../models/memory-signer.ts';
import { makeDoomed, operationIdOf, USER } from '../../../simulation/doomed-account.ts';
import type { World } from '../../../simulation/world.ts';

const signer = new MemorySigner();

const CERTIFICATE: Certificate = {
  type: 'lethe-erasure-certificate',
  version: 1,
  operationId: 'op-1',
  accountId: 'a1',
  requestedAt: '2026-11-22T00:00:00.000Z',
  verifiedAt: '2026-11-22T01:00:00.000Z',
  issuedAt: '2026-11-22T01:00:01.000Z',
  attempts: 1,
  erased: { messageRows: 3 },
  verification: {
    prefixesListed: 81,
    partitionsListed: 18,
    settledSeconds: 1800,
    foundByRound: [{}],
  },
  cost: { billed: { dynamodbWriteUnits: 3 }, dollars: 0.000002, pricesOf: '2026-08-31' },
  remains: [],
};

/** As anyone would, with the public key alone (RFC 7515, 5.2; PS256 of RFC 7518). */
function verifies(signed: SignedCertificate, pem: string): boolean {
  return verify(
    'sha256',
    Buffer.from(`${signed.protected}.${signed.payload}`),
    {
      key: createPublicKey(pem),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    },
    Buffer.from(signed.signature, 'base64url'),
  );
}

const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

describe('a signed certificate', () => {
  test('U7: verifies with the public key, as a flattened JWS', async () => {
    const signed = await signCertificate(signer, CERTIFICATE);
    expect(Object.keys(signed).sort()).toEqual(['payload', 'protected', 'signature']);
    for (const part of Object.values(signed)) expect(part).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decode(signed.protected)).toEqual({
      alg: 'PS256',
      typ: 'lethe-erasure-certificate+jws',
    });
    expect(decode(signed.payload)).toEqual(CERTIFICATE);
    expect(verifies(signed, await certificateKeyPem({ signer }))).toBe(true);
  });

  test.each(['payload', 'protected', 'signature'] as const)(
    'U7: does not verify once its %s was changed',
    async (part) => {
      const signed = await signCertificate(signer, CERTIFICATE);
      const other = await signCertificate(signer, { ...CERTIFICATE, erased: { messageRows: 4 } });
      const changed = part === 'protected' ? 'e30' : other[part];
      const forged = { ...signed, [part]: changed };
      expect(verifies(forged, await certificateKeyPem({ signer }))).toBe(false);
    },
  );

  test('U7: its key is PEM that node:crypto reads, in lines of 64 (RFC 7468)', async () => {
    const pem = await certificateKeyPem({ signer });
    const lines = pem.trimEnd().split('\n');
    expect(lines[0]).toBe('-----BEGIN PUBLIC KEY-----');
    expect(lines.at(-1)).toBe('-----END PUBLIC KEY-----');
    for (const line of lines.slice(1, -2)) expect(line).toHaveLength(64);
    const key = createPublicKey(pem);
    expect(key.asymmetricKeyType).toBe('rsa');
    expect(key.export({ type: 'spki', format: 'der' })).toEqual(
      Buffer.from(await signer.publicKey()),
    );
  });

  test('U7: lies under a name without anything that a user gave', () => {
    expect(certificateName('op-0f', 2, 3)).toBe(`${CERTIFICATES_PREFIX}op-0f-2-3.json`);
    const hostile = certificateName('../../john@EXAMPLE.org/x', 1, 1);
    expect(hostile).toBe(`${CERTIFICATES_PREFIX}johnorgx-1-1.json`);
  });
});

describe('reading it', () => {
  let world: World;
  beforeEach(async () => {
    ({ world } = await makeDoomed(3));
  });

  test('U7: gives the one that the erasure left; it holds no personal data', async () => {
    const operationId = operationIdOf((await world.run({ user: USER })).output);
    const signed = await readCertificate(world.ports, operationId);
    expect(verifies(signed, await certificateKeyPem(world.ports))).toBe(true);
    const payload = Buffer.from(signed.payload, 'base64url').toString();
    expect(payload).toContain(operationId);
    expect(payload).not.toMatch(/@|x\.co|INBOX|Gr\u00f6\u00dfe|quota_clone/);
    expect(world.evidence.names()).toEqual([certificateName(operationId, 1, 1)]);
  });

  test('O2: says that there is none while the operation runs, or when it failed', async () => {
    const [version] = world.objects.versions();
    world.objects.failKey(version?.key ?? '', 'AccessDenied');
    expect((await world.run({ user: USER })).status).toBe('FAILED');
    const [row] = world.rows
      .rows('registry')
      .filter(({ attributes }) => attributes['type'] === 'operation');
    const operationId = String(row?.attributes['operationId']);
    await expect(readCertificate(world.ports, operationId)).rejects.toMatchObject({
      name: 'CertificateMissingError',
      message: `operation ${operationId} has no certificate: it failed`,
      next: 'Resume the operation: with its success comes one.',
    });
    await expect(readCertificate(world.ports, 'op-0')).rejects.toMatchObject({
      name: 'UnknownOperationError',
    });
  });
});

describe('why an operation has no certificate', () => {
  const NEVER = 'Only deletions of accounts are certified.';

  test.each([
    // Its execution may have been stopped: the row cannot know.
    ['delete-account', 'running', 'it has not come to its end', 'Look at the operation'],
    ['delete-account', 'failed', 'it failed', 'Resume the operation'],
    ['delete-account', 'succeeded', 'the evidence has none any more', 'Look for a copy'],
    ['purge-mailboxes', 'succeeded', 'it is one of purge-mailboxes', NEVER],
    ['expunge-messages', 'running', 'it is one of expunge-messages', NEVER],
  ])('O2: %s that is %s says what is true, and what to do', async (verb, state, why, next) => {
    const { world } = await makeDoomed();
    const at = world.clock.now();
    const attributes = {
      v: 1,
      type: 'operation',
      operationId: 'op-1',
      verb,
      accountId: 'a',
      state,
    };
    const rest = {
      step: 'x',
      attempt: 1,
      round: 1,
      firstRound: 1,
      requestedBy: 'x',
      createdAt: at,
      updatedAt: at,
    };
    const key = registryKeys.operation('op-1');
    await world.rows.write({ kind: 'put', key, attributes: { ...attributes, ...rest } });
    await expect(readCertificate(world.ports, 'op-1')).rejects.toMatchObject({
      message: `operation op-1 has no certificate: ${why}`,
      next: expect.stringContaining(next),
    });
  });
});

describe('what remains elsewhere', () => {
  const at = Date.parse('2026-11-22T00:00:00Z');
  const places = {
    left: new Set(['b', 'a']),
    cleared: new Set<string>(),
    uploads: 'waited-for',
  } as const;
  const residue = residueOf(
    at,
    { recoveryDays: 35, logRetentionDays: 30, reservationDays: 0 },
    places,
  );

  test('U7: each with its end, counted from the verification, where Lethe can know it', () => {
    const ends = residue.map(({ where, until }) => [where, until?.slice(0, 10)]);
    expect(ends).toEqual([
      ['point-in-time recovery of the tables', '2026-12-27'],
      ['stream records of the dictmap', '2026-11-23'],
      ['execution history', '2027-02-20'],
      ['logs of functions and API', '2026-12-22'],
      ['records in other accounts', undefined],
      ['backups and replicas of bucket and tables', undefined],
      ['uploads begun before the fence', undefined],
      ['caches of backend a', undefined],
      ['caches of backend b', undefined],
    ]);
    for (const { note } of residue) expect(note).not.toBe('');
  });
});
