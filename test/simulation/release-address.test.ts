import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../functions/contract/error-names.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { StoreBusyError } from '../../functions/core/errors.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { Outage } from '../models/outage.ts';
import { makeDoomed, USER } from './doomed-account.ts';
import { CLASSES, type RunOptions, World } from './world.ts';

const BACKEND = { url: 'https://backend-1.example.org', role: 'backend' } as const;
const ALIASES = Array.from({ length: 31 }, (_, index) => `alias-${index}@x.co`);
const RELEASE = 'ReleaseAddressFunctionArn';

/** The registry answers the step that releases so many times, then never again. */
class FailsFrom extends Outage {
  #left: number;

  constructor(answers: number) {
    super({ calls: [], refuse: () => Promise.reject(new StoreBusyError('busy')) });
    this.#left = answers;
  }

  override wrapAll(token: string, ports: Ports): Ports {
    if (token !== RELEASE) return ports;
    const rows = new Proxy(ports.rows, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]): Promise<unknown> => {
          this.#left -= 1;
          if (this.#left < 0) throw new StoreBusyError('busy');
          return await Reflect.apply(member, target, given);
        };
      },
    });
    return { ...ports, rows };
  }
}

const operationOf = (world: World): string =>
  String(
    world.rows.rows('registry').find(({ attributes }) => attributes['type'] === 'operation')
      ?.attributes['operationId'],
  );

const isTaken = async (world: World, address: string): Promise<boolean> =>
  (await world.rows.get(registryKeys.address(address))) !== undefined;

async function resume(world: World, options: RunOptions = {}) {
  await resumeOperation(world.ports, operationOf(world), world.clock.now() + 10_000);
  const start = world.workflows.starts().at(-1);
  return await world.run(start?.input as object, { ...options, execution: start?.name ?? '' });
}

describe('the address of an account that is deleted', () => {
  test('W7: is taken as long as the operation can run, wherever its last step fails', async () => {
    let failed = 0;
    for (let answers = 0; ; answers += 1) {
      const world = new World();
      await createAccount(world.ports, CLASSES, { user: USER, aliases: ALIASES });
      const run = await world.run({ user: USER }, { outage: new FailsFrom(answers) });
      const { state } = await requireOperation(world.rows, operationOf(world));
      for (const address of [USER, ...ALIASES]) {
        expect({ answers, taken: await isTaken(world, address) }).toEqual({
          answers,
          taken: state !== 'succeeded',
        });
      }
      if (run.status === 'SUCCEEDED') break;
      failed += 1;
    }
    expect(failed).toBeGreaterThan(ALIASES.length);
  });

  test('W7: is refused to others until a resumed deletion has ended, who are not kicked then', async () => {
    const { world, account } = await makeDoomed(6, { servers: [BACKEND] });
    expect((await world.run({ user: USER }, { outage: new FailsFrom(4) })).status).toBe('FAILED');
    const taken = createAccount(world.ports, CLASSES, { user: USER });
    await expect(taken).rejects.toThrow(/taken/);
    expect((await resume(world)).status).toBe('SUCCEEDED');
    const next = await createAccount(world.ports, CLASSES, { user: USER });
    expect(next.accountId).not.toBe(account.accountId);
    world.mailServers.connect(BACKEND.url, USER);
    const kicks = world.mailServers.kicks;
    await expect(resume(world)).rejects.toThrow(
      expect.objectContaining({ name: ERROR_NAMES.operationFinished }),
    );
    for (const invocation of [...world.invocations]) {
      await world.redeliver(invocation).catch(() => undefined);
    }
    expect(world.mailServers.kicks).toBe(kicks);
    expect(await isTaken(world, USER)).toBe(true);
  });

  test('W7: is not kicked by once it is somebody else’s, and the deletion ends', async () => {
    const { world, account } = await makeDoomed(6, { servers: [BACKEND] });
    expect((await world.run({ user: USER }, { outage: new FailsFrom(4) })).status).toBe('FAILED');
    await world.rows.write({
      kind: 'update',
      key: registryKeys.address(USER),
      guard: { row: 'present', equals: { accountId: account.accountId } },
      change: { set: { accountId: 'a0a0a0' } },
    });
    world.mailServers.connect(BACKEND.url, USER);
    world.mailServers.addCache(BACKEND.url, USER);
    world.mailServers.clearing.add(BACKEND.url);
    const kicks = world.mailServers.kicks;
    expect((await resume(world)).status).toBe('SUCCEEDED');
    expect(world.mailServers.kicks).toBe(kicks);
    expect(world.mailServers.cached(BACKEND.url)).toEqual([USER]);
    const row = await world.rows.get(registryKeys.address(USER));
    expect(row?.attributes['accountId']).toBe('a0a0a0');
  });

  test('W7: changes hands between two looks at sessions: the new owner’s are not ended', async () => {
    const { world } = await makeDoomed(6, { servers: [BACKEND] });
    world.mailServers.connect(BACKEND.url, USER, 'stays');
    let kicks: number | undefined;
    const onState = (name: string) => {
      if (name !== 'Let sessions end' || kicks !== undefined) return;
      kicks = world.mailServers.kicks;
      void world.rows.write({
        kind: 'update',
        key: registryKeys.address(USER),
        guard: { row: 'present' },
        change: { set: { accountId: 'a0a0a0' } },
      });
    };
    expect((await world.run({ user: USER }, { onState })).status).toBe('SUCCEEDED');
    expect(world.mailServers.kicks).toBe(kicks);
  });
});
