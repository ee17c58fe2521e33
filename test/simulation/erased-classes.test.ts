import { describe, expect, test } from 'vitest';
import { mailKey } from '../../functions/contract/key-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { certificateOf, makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import { mail } from './mail.ts';
import { CLASSES_EVER, World } from './world.ts';

/** A class that the steps of the world were not told of. */
const FORGOTTEN = { names: ['r90'], fallback: 'r90' };

const IN_TIME_MS = 1_000_000;

async function furnished(): Promise<{ world: World; accountId: string }> {
  const world = new World();
  const { accountId } = await createAccount(world.ports, FORGOTTEN, { user: USER });
  const deadline = world.clock.now() + IN_TIME_MS;
  await deliverMessages(world.ports, { user: USER, messages: [{ raw: mail('one') }] }, deadline);
  return { world, accountId };
}

const versionsOf = (world: World, accountId: string) =>
  world.objects.versions().filter(({ key }) => key.includes(accountId));

describe('classes that a deployment has forgotten', () => {
  test('X3: the account’s own is erased and looked at', async () => {
    const { world, accountId } = await furnished();
    expect(versionsOf(world, accountId)).toHaveLength(1);
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(versionsOf(world, accountId)).toEqual([]);
    const { verification, erased } = await certificateOf(world, operationIdOf(run.output));
    expect(erased['objectVersions']).toBe(1);
    // Each class and the opaque one on 16 shards, and the uploads.
    expect(verification.prefixesListed).toBe((CLASSES_EVER.length + 2) * 16 + 1);
  });

  test.each(CRASH_POINTS)('X3, U5: wherever a step crashes %s a change', async (point) => {
    for (let call = 1, crashed = true; crashed; call += 1) {
      const { world, accountId } = await furnished();
      const run = await world.run({ user: USER }, { crash: { call, point } });
      expect({ call, status: run.status }).toEqual({ call, status: 'SUCCEEDED' });
      expect({ call, left: versionsOf(world, accountId) }).toEqual({ call, left: [] });
      crashed = call < world.changes;
    }
  });

  test('X3: mail below a folder of the bucket that nobody was told of is found, too', async () => {
    const { world, account } = await makeDoomed(5);
    const key = mailKey('old', account.accountId, 'ab'.repeat(16));
    await world.objects.put(key, mail('from before'));
    world.objects.deleteMarker(key);
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(versionsOf(world, account.accountId)).toEqual([]);
  });

  test('X3, U7: one that comes up after the plan takes a round of its own', async () => {
    const { world, account } = await makeDoomed(5);
    let versions = versionsOf(world, account.accountId).length;
    let late = false;
    const onState = (name: string) => {
      if (name !== 'Settle' || late) return;
      late = true;
      versions += 1;
      void world.objects.put(mailKey('r90', account.accountId, 'ab'.repeat(16)), mail('late'));
    };
    const run = await world.run({ user: USER }, { onState });
    expect(run.status).toBe('SUCCEEDED');
    expect(versionsOf(world, account.accountId)).toEqual([]);
    const { erased } = await certificateOf(world, operationIdOf(run.output));
    const { objectVersions = 0, deleteMarkers = 0 } = erased;
    expect(objectVersions + deleteMarkers).toBe(versions);
  });
});
