/** Invocations that sign a certificate, delivered again when the deletion has gone on to a new round. */
import { describe, expect, test } from 'vitest';
import { uploadKey } from '../../functions/contract/key-layout.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import type { Write } from '../../functions/core/ports/row-store.ts';
import { Crashes } from '../models/faulty.ts';
import { certificateOf, makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import { mail } from './mail.ts';
import type { Invocation } from './world.ts';

const CERTIFYING = 'CertifyErasureFunctionArn';

describe('a deletion whose last look finds an upload', () => {
  test.each(['Plan erasure', 'Erase ranges', 'Erase account rows', 'Settle', 'Verify erasure'])(
    'U7: is certified by what its last round has verified, though the first look comes again at %s',
    async (state) => {
      const { world, account } = await makeDoomed();
      const late: Promise<unknown>[] = [];
      let first: Invocation | undefined;
      let putAt = 0;
      const onState = (name: string) => {
        if (name === 'Certify erasure' && putAt === 0) {
          putAt = world.clock.now();
          void world.objects.put(uploadKey(account.accountId, 'f0'), mail('late'));
        }
        first ??= world.invocations.find(({ token }) => token === CERTIFYING);
        if (name !== state || first === undefined || late.length > 0) return;
        late.push(world.redeliver(first).catch((error: unknown) => error));
      };
      const run = await world.run({ user: USER }, { onState });
      expect(run.status).toBe('SUCCEEDED');
      expect(await Promise.all(late)).toEqual([{ outcome: 'nextRound' }]);
      const { verification, verifiedAt } = await certificateOf(world, operationIdOf(run.output));
      expect(Date.parse(verifiedAt)).toBeGreaterThan(putAt);
      expect(verification).toMatchObject({
        settledSeconds: 1800,
        foundByRound: [{ objectVersions: 1 }, {}],
      });
    },
  );

  // It enters the step, notes what it has found, begins the next round.
  test.each([1, 2, 3])(
    'U5, U7: counts it once, and takes one round, after a crash at change %i',
    async (call) => {
      const { world, account } = await makeDoomed();
      let looks = 0;
      const onState = (name: string) => {
        if (name !== 'Certify erasure') return;
        if (looks === 0) void world.objects.put(uploadKey(account.accountId, 'f0'), mail('late'));
        looks += 1;
      };
      const crashes = new Crashes({ call, point: 'after' });
      const outage = {
        wrapAll: (token: string, ports: Ports) =>
          token === CERTIFYING && !crashes.crashed ? crashes.wrapAll({ ...ports }) : ports,
      };
      const run = await world.run({ user: USER }, { onState, outage });
      expect(run.status).toBe('SUCCEEDED');
      const { verification } = await certificateOf(world, operationIdOf(run.output));
      expect(verification.foundByRound).toEqual([{ objectVersions: 1 }, {}]);
    },
  );

  test('U7: goes on to the next round though what it had noted has gone by itself', async () => {
    const { world, account } = await makeDoomed();
    const key = uploadKey(account.accountId, 'f0');
    let isPut = false;
    const onState = (name: string) => {
      if (name !== 'Certify erasure' || isPut) return;
      isPut = true;
      void world.objects.put(key, mail('late'));
    };
    const crashes = new Crashes({ call: 2, point: 'after' });
    const outage = {
      wrapAll: (token: string, ports: Ports) => {
        if (token !== CERTIFYING) return ports;
        if (!crashes.crashed) return crashes.wrapAll({ ...ports });
        const left = world.objects.versions().filter((version) => version.key === key);
        for (const { versionId } of left) void world.objects.removeVersions([{ key, versionId }]);
        return ports;
      },
    };
    const run = await world.run({ user: USER }, { onState, outage });
    expect(run.status).toBe('SUCCEEDED');
    const { verification } = await certificateOf(world, operationIdOf(run.output));
    expect(verification.foundByRound).toEqual([{ objectVersions: 1 }, {}]);
  });

  test('U7: keeps what its last round has listed, though the first one writes it down late', async () => {
    const { world, account } = await makeDoomed();
    const reached = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const late: Promise<unknown>[] = [];
    let looks = 0;
    const onState = (name: string) => {
      if (name !== 'Certify erasure') return;
      looks += 1;
      if (looks === 1) void world.objects.put(uploadKey(account.accountId, 'f0'), mail('x'));
      else over.resolve();
    };
    const noting = (write: Write) =>
      write.kind === 'update' && write.change.set?.['verified'] !== undefined;
    const outage = {
      wrapAll: (token: string, ports: Ports): Ports => {
        const verifying = world.invocations.findLast(({ payload }) => Object(payload).round === 1);
        if (token !== CERTIFYING || looks > 1 || verifying === undefined) return ports;
        const held = beforeWrites(ports, async (write) => {
          if (!noting(write)) return;
          reached.resolve();
          await over.promise;
        });
        late.push(world.redeliver(verifying, held).catch((error: unknown) => error));
        return beforeWrites(ports, () => reached.promise);
      },
    };
    const run = await world.run({ user: USER }, { onState, outage });
    expect(run.status).toBe('SUCCEEDED');
    expect(await Promise.all(late)).toEqual([{ outcome: 'clean' }]);
    expect(looks).toBe(2);
    const { verification } = await certificateOf(world, operationIdOf(run.output));
    expect(verification.foundByRound).toEqual([{ objectVersions: 1 }, {}]);
  });
});

/** Ports whose writes of one row wait for something. */
function beforeWrites(ports: Ports, first: (write: Write) => Promise<void>): Ports {
  const write = async (given: Write) => {
    await first(given);
    return await ports.rows.write(given);
  };
  const rows = new Proxy(ports.rows, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { ...ports, rows };
}
