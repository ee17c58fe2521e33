import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../functions/core/accounts/accounts.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import {
  secretUnreadable,
  serverRefused,
  timedOut,
  unreachable,
  wrongSecret,
} from '../../functions/core/ports/mail-server-errors.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { certificateOf, makeDoomed, NEIGHBOUR, operationIdOf, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import type { RunOptions, World } from './world.ts';

const PROXY = { url: 'https://proxy-1.example.org', role: 'proxy' } as const;
const OTHER_PROXY = { url: 'https://proxy-2.example.org', role: 'proxy' } as const;
const BACKEND = { url: 'https://backend-1.example.org', role: 'backend' } as const;
const SERVERS = [PROXY, OTHER_PROXY, BACKEND];

let world: World;
let account: Account;

beforeEach(async () => {
  ({ world, account } = await makeDoomed(6, { servers: SERVERS }));
  world.mailServers.connect(PROXY.url, NEIGHBOUR);
});

/** Runs a deletion; notes who is connected when a state begins. */
async function runNoting(state: string) {
  let connected: readonly string[] | undefined;
  const run = await world.run(
    { user: USER },
    {
      onState: (name) => {
        if (name === state) connected ??= world.mailServers.connected();
      },
    },
  );
  return { run, connected };
}

async function failedOperation() {
  const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
  return await requireOperation(world.rows, operationId);
}

async function resume() {
  const { operationId } = await failedOperation();
  await resumeOperation(world.ports, operationId, world.clock.now() + 10_000);
  const start = world.workflows.starts().at(-1);
  return await world.run(start?.input as object, { execution: start?.name ?? '' });
}

describe('sessions of a user who is deleted', () => {
  test('U1: all have ended before the fence, and nobody else’s', async () => {
    for (const { url } of SERVERS) world.mailServers.connect(url, USER);
    const { run, connected } = await runNoting('Fence account');
    expect(run.status).toBe('SUCCEEDED');
    expect(connected).toEqual([NEIGHBOUR]);
  });

  test('U1: they are kicked only when the user cannot log in again', async () => {
    world.mailServers.connect(PROXY.url, USER);
    const { pk, sk } = registryKeys.userdb(USER);
    let enabled: unknown;
    const onState = (name: string) => {
      if (name !== 'Kick sessions') return;
      const rows = world.rows.rows('registry');
      enabled = rows.find(({ key }) => key.pk === pk && key.sk === sk)?.attributes['enabled'];
    };
    await world.run({ user: USER }, { onState });
    expect(enabled).toBe(false);
  });

  test('U1: one that comes back is kicked again', async () => {
    world.mailServers.connect(OTHER_PROXY.url, USER, 'comes back');
    const begun = world.clock.now();
    const { run, connected } = await runNoting('Fence account');
    expect(run.status).toBe('SUCCEEDED');
    expect(connected).toEqual([NEIGHBOUR]);
    // One look, five seconds, another look; the rest is the settling time.
    expect(world.clock.now() - begun).toBe(5_000 + 1_800_000);
  });

  test('U1, U5: those that never end refuse the deletion after the deadline; resume goes on', async () => {
    world.mailServers.connect(PROXY.url, USER, 'stays');
    world.mailServers.connect(BACKEND.url, USER, 'stays');
    world.mailServers.connect(BACKEND.url, USER, 'stays');
    const before = leftOf(world, account.accountId);
    const begun = world.clock.now();
    const run = await world.run({ user: USER });
    expect(run).toMatchObject({ status: 'FAILED', error: 'SessionsLeftError' });
    expect(run.cause).toContain(
      `3 sessions are left after 600 seconds of kicking: 1 on ${PROXY.url}, 2 on ${BACKEND.url}`,
    );
    expect(world.clock.now() - begun).toBe(600_000);
    expect(run.events).toBeLessThan(1500);
    expect(leftOf(world, account.accountId)).toEqual(before);
    expect(await findAccount(world.rows, USER)).toMatchObject({ state: 'disabled' });
    expect(await failedOperation()).toMatchObject({
      state: 'failed',
      step: 'Wait for sessions',
      error: { name: 'SessionsLeftError', next: expect.stringContaining('Nothing was erased') },
    });
    world.mailServers.endAll(USER);
    expect((await resume()).status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('U1: a resumed attempt has the whole deadline again', async () => {
    world.mailServers.connect(PROXY.url, USER, 'stays');
    await world.run({ user: USER });
    const begun = world.clock.now();
    expect(await resume()).toMatchObject({ error: 'SessionsLeftError' });
    expect(world.clock.now() - begun).toBe(600_000);
  });

  test('without mail servers nothing is kicked and nobody waits', async () => {
    const { world: alone } = await makeDoomed(3);
    const states: string[] = [];
    const run = await alone.run({ user: USER }, { onState: (name) => void states.push(name) });
    expect(run.status).toBe('SUCCEEDED');
    expect(states).toContain('Kick sessions');
    expect(states).not.toContain('Wait for sessions');
  });

  test('X6: a late repetition of a step kicks nobody who has the address now', async () => {
    await world.run({ user: USER });
    const { invocations } = world;
    world.mailServers.connect(PROXY.url, USER);
    for (const invocation of invocations) {
      if (invocation.token === 'ResolveAccountFunctionArn') continue;
      await world.redeliver(invocation).catch(() => undefined);
    }
    expect(world.mailServers.connected()).toEqual([NEIGHBOUR, USER]);
  });
});

describe('O2, O3: a mail server that fails ends the deletion by its own error', () => {
  test.each([
    [wrongSecret(OTHER_PROXY), 'MailServerAuthError', /secret/],
    [unreachable(OTHER_PROXY, 'nothing listens'), 'MailServerUnreachableError', /lethe doctor/],
    [timedOut(OTHER_PROXY, 5), 'MailServerTimeoutError', /lethe doctor/],
    [serverRefused(OTHER_PROXY, 'no doveadm'), 'MailServerRefusedError', /doveadm/],
    [secretUnreadable('AccessDenied'), 'MailServerSecretError', /secret/],
  ])('%o', async (fault, error, next) => {
    world.mailServers.connect(PROXY.url, USER);
    world.mailServers.fail(fault, OTHER_PROXY.url);
    const before = leftOf(world, account.accountId);
    const run = await world.run({ user: USER });
    expect(run).toMatchObject({ status: 'FAILED', error });
    expect(run.cause).toContain(fault.message);
    expect(leftOf(world, account.accountId)).toEqual(before);
    expect(await failedOperation()).toMatchObject({
      step: 'Kick sessions',
      error: { name: error, next: expect.stringMatching(next) },
    });
    // The servers that do answer were told all the same.
    expect(world.mailServers.connected()).toEqual([NEIGHBOUR]);
    world.mailServers.fail(fault, OTHER_PROXY.url, 0);
    expect((await resume()).status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('U5: what passes within seconds is sat out, a wrong key is not tried again', async () => {
    world.mailServers.fail(unreachable(PROXY, 'restart'), PROXY.url, 2);
    expect((await world.run({ user: USER })).status).toBe('SUCCEEDED');
    const other = await makeDoomed(3, { servers: [PROXY] });
    other.world.mailServers.fail(wrongSecret(PROXY), PROXY.url, 1);
    const run = await other.world.run({ user: USER });
    expect(run).toMatchObject({ error: 'MailServerAuthError' });
  });

  test('U1: a server that fails while sessions are waited for stops the deletion as well', async () => {
    world.mailServers.connect(PROXY.url, USER, 'stays');
    const before = leftOf(world, account.accountId);
    const run = await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name === 'Let sessions end') {
            world.mailServers.fail(timedOut(BACKEND, 5), BACKEND.url);
          }
        },
      },
    );
    expect(run).toMatchObject({ error: 'MailServerTimeoutError' });
    expect((await failedOperation()).step).toBe('Wait for sessions');
    expect(leftOf(world, account.accountId)).toEqual(before);
  });
});

describe('U3, U7: caches', () => {
  test('are removed where the backend has a command for it; the others are named', async () => {
    // The account was on backend-1 and backend-2 (see furnish); only the first is configured.
    world.mailServers.clearing.add(BACKEND.url);
    for (const user of [USER, NEIGHBOUR]) world.mailServers.addCache(BACKEND.url, user);
    const run = await world.run({ user: USER });
    expect(world.mailServers.cached(BACKEND.url)).toEqual([NEIGHBOUR]);
    const { remains } = await certificateOf(world, operationIdOf(run.output));
    const caches = remains.map(({ where }) => where).filter((where) => /cache/.test(where));
    expect(caches).toEqual([
      'caches of backend backend-2.example.org',
      'fscache of backend backend-1.example.org',
    ]);
  });

  test('of a backend that no longer answers do not keep an erasure from ending', async () => {
    world.mailServers.clearing.add(BACKEND.url);
    const run = await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name === 'Clear caches') {
            world.mailServers.fail(unreachable(BACKEND, 'gone'), BACKEND.url);
          }
        },
      },
    );
    expect(run.status).toBe('SUCCEEDED');
    const { remains } = await certificateOf(world, operationIdOf(run.output));
    const caches = remains.map(({ where }) => where).filter((where) => /cache/.test(where));
    expect(caches).toEqual([
      'caches of backend backend-1.example.org',
      'caches of backend backend-2.example.org',
    ]);
  });
});

describe('U5: whatever happens to a step, sessions end and the end is the same', () => {
  async function runToEnd(options: RunOptions) {
    const doomed = await makeDoomed(3, { servers: SERVERS });
    const { mailServers } = doomed.world;
    mailServers.clearing.add(BACKEND.url);
    mailServers.connect(PROXY.url, USER, 'comes back');
    mailServers.connect(BACKEND.url, USER);
    const run = await doomed.world.run({ user: USER }, options);
    const { remains } = await certificateOf(doomed.world, operationIdOf(run.output));
    return {
      end: {
        status: run.status,
        left: leftOf(doomed.world, doomed.account.accountId),
        connected: mailServers.connected(),
        caches: remains.map(({ where }) => where),
      },
      changes: doomed.world.changes,
    };
  }

  test.each(CRASH_POINTS)('U5: a crash %s any change of any step', async (point) => {
    const clean = await runToEnd({});
    expect(clean.end).toMatchObject({ status: 'SUCCEEDED', left: [], connected: [] });
    for (let call = 1; call <= clean.changes; call += 1) {
      const { end } = await runToEnd({ crash: { call, point } });
      expect({ call, ...end }).toEqual({ call, ...clean.end });
    }
  });
});
