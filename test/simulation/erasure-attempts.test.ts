import { describe, expect, test } from 'vitest';
import { mailKey } from '../../functions/contract/key-layout.ts';
import { findAccount } from '../../functions/core/accounts/accounts.ts';
import { StoreBusyError } from '../../functions/core/errors.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { erasedCounts } from '../../functions/core/operations/progress.ts';
import { Outage } from '../models/outage.ts';
import { certificateOf, makeDoomed, USER } from './doomed-account.ts';
import { mail } from './mail.ts';
import type { World } from './world.ts';

const busy = () => Promise.reject(new StoreBusyError('busy'));

/** Lets the last step fail, after the certificate. */
function failingRelease(): Outage {
  const calls = ['rows.transact'] as const;
  const outage = new Outage({ calls, token: 'ReleaseAddressFunctionArn', refuse: busy });
  outage.begin();
  return outage;
}

const operationIdNow = async (world: World): Promise<string> =>
  (await findAccount(world.rows, USER))?.operationId ?? '';

/** Puts mail as a writer does who got past the fence; blob ids begin with the given digits. */
async function putLate(world: World, accountId: string, digits: string): Promise<void> {
  await world.objects.put(mailKey('r30', accountId, digits.padEnd(32, '0')), mail('late'));
}

const versionsOf = (world: World, accountId: string): number =>
  world.objects.versions().filter(({ key }) => key.includes(accountId)).length;

describe('a deletion of several attempts', () => {
  test('U7: is certified with what all of them have erased, late objects included', async () => {
    const { world, account } = await makeDoomed();
    let versions = versionsOf(world, account.accountId);
    expect((await world.run({ user: USER }, { outage: failingRelease() })).status).toBe('FAILED');
    const operationId = await operationIdNow(world);
    for (const digits of ['ab', 'ac']) await putLate(world, account.accountId, digits);
    versions += 2;
    const onState = (name: string) => {
      if (name !== 'Settle' || versions % 1 !== 0) return;
      void putLate(world, account.accountId, 'ad');
      versions += 1.5;
    };
    const again = await world.run({ user: USER }, { execution: 'again', onState });
    expect(again.status).toBe('SUCCEEDED');
    const { erased, attempts } = await certificateOf(world, operationId);
    expect(attempts).toBe(2);
    expect(erased).toEqual(await erasedCounts(world.rows, operationId));
    const { objectVersions = 0, deleteMarkers = 0 } = erased;
    expect(objectVersions + deleteMarkers).toBe(Math.floor(versions));
  });

  test('U7: hands out no certificate while it has not succeeded, whatever was signed before', async () => {
    const { world, account } = await makeDoomed();
    await world.run({ user: USER }, { outage: failingRelease() });
    const operationId = await operationIdNow(world);
    const refused = expect.objectContaining({ name: 'CertificateMissingError' });
    await expect(readCertificate(world.ports, operationId)).rejects.toThrow(refused);
    let writes = 0;
    const onState = (name: string) => {
      if (name !== 'Settle') return;
      writes += 1;
      void putLate(world, account.accountId, `a${writes}`);
    };
    const again = await world.run({ user: USER }, { execution: 'again', onState });
    expect(again).toMatchObject({ status: 'FAILED', error: 'LeftoversError' });
    await expect(readCertificate(world.ports, operationId)).rejects.toThrow(refused);
    expect((await showOperation(world.ports, operationId)).certificate).toBe(false);
    const third = await world.run({ user: USER }, { execution: 'third' });
    expect(third.status).toBe('SUCCEEDED');
    const { erased, attempts } = await certificateOf(world, operationId);
    expect(attempts).toBe(3);
    expect(erased).toEqual(await erasedCounts(world.rows, operationId));
    expect((await showOperation(world.ports, operationId)).certificate).toBe(true);
    // Evidence that was written stays: each attempt has left one of its own.
    expect(world.evidence.names()).toHaveLength(2);
  });
});
