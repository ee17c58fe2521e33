/**
 * What an operator and AWS can do wrong, one table of each. Input that is wrong has its own error;
 * trouble is sat out for a bounded time, then ends the attempt by an error that says what to do,
 * and when it has passed, `resume` ends the deletion as if nothing had been.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { Outage } from '../models/outage.ts';
import { certificateOf, makeDoomed, NEIGHBOUR, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import { PROXY, TROUBLES } from './troubles.ts';
import { CLASSES, type World } from './world.ts';

const MESSAGES = 12;
/** A page holds every version of any key here, as it does of all keys that Lethe writes. */
const OPTIONS = { servers: [PROXY], pageEntries: 12 };
const VERB = 'delete-account';

let world: World;
let account: Account;
let neighbour: Account;

beforeEach(async () => {
  ({ world, account, neighbour } = await makeDoomed(MESSAGES, OPTIONS));
});

const deadline = (): number => world.clock.now() + 20_000;

const ask = (user = USER) =>
  requestDeletion(world.ports, { user, allowUnknownUser: false, requestedBy: 'test' }, deadline());

/** Longer than all retries of one step with their waits: some four minutes. */
const SAT_OUT_MS = 600_000;
const SETTLE_MS = 1_800_000;

/** Runs the newest execution that was started, as Step Functions does. */
async function execute(trouble?: { readonly from: string; readonly outage: Outage }) {
  const { name = '', input } = world.workflows.starts().at(-1) ?? {};
  const begun = world.clock.now();
  const run = await world.run(input as object, {
    execution: name,
    ...(trouble === undefined
      ? {}
      : {
          outage: trouble.outage,
          onState: (state) => void (state === trouble.from && trouble.outage.begin()),
        }),
  });
  world.workflows.setStatus(VERB, name, run.status === 'SUCCEEDED' ? 'succeeded' : 'failed');
  return { run, tookMs: world.clock.now() - begun, invocations: world.invocations.length };
}

const stateOfNeighbour = (): unknown => [
  world.rows.rows().filter((row) => JSON.stringify(row).includes(neighbour.accountId)),
  world.objects.versions().filter(({ key }) => key.includes(neighbour.accountId)),
];

describe('O2, O3: trouble on the way', () => {
  let erasedByAll: unknown;

  beforeAll(async () => {
    ({ world, account } = await makeDoomed(MESSAGES, OPTIONS));
    const { operationId } = await ask();
    await execute();
    ({ erased: erasedByAll } = await certificateOf(world, operationId));
    expect(erasedByAll).toMatchObject({ messageRows: 2 * MESSAGES });
  });

  test.each(TROUBLES)(
    'U5: $what: an error that says what to do; resume ends it',
    async (trouble) => {
      const before = leftOf(world, account.accountId);
      const others = stateOfNeighbour();
      const { operationId } = await ask();
      const outage = new Outage(trouble.outage);
      const { run, tookMs, invocations } = await execute({ ...trouble, outage });
      expect(run.status).toBe('FAILED');
      expect(tookMs).toBeLessThan(SAT_OUT_MS + SETTLE_MS);
      expect(invocations).toBeLessThan(60);
      expect(outage.refused).toBeGreaterThanOrEqual(3);
      const failed = await showOperation(world.ports, operationId);
      expect(failed).toMatchObject({
        state: 'failed',
        attempt: 1,
        certificate: false,
        error: { name: trouble.error, next: expect.stringMatching(trouble.next) },
      });
      expect(stateOfNeighbour()).toEqual(others);
      if (!trouble.erased) expect(leftOf(world, account.accountId)).toEqual(before);

      outage.end();
      await resumeOperation(world.ports, operationId, deadline());
      expect((await execute()).run.status).toBe('SUCCEEDED');
      expect(leftOf(world, account.accountId)).toEqual([]);
      expect(stateOfNeighbour()).toEqual(others);
      const { erased, attempts } = await certificateOf(world, operationId);
      expect({ erased, attempts }).toEqual({ erased: erasedByAll, attempts: 2 });
    },
  );

  test.each(TROUBLES)('U5: $what, but only twice: nobody notices', async (trouble) => {
    const { operationId } = await ask();
    const outage = new Outage({ ...trouble.outage, times: 2 });
    const { run, tookMs } = await execute({ ...trouble, outage });
    expect(outage.refused).toBe(2);
    expect(run.status).toBe('SUCCEEDED');
    expect(tookMs).toBeLessThan(SAT_OUT_MS + SETTLE_MS);
    expect(leftOf(world, account.accountId)).toEqual([]);
    const { erased, attempts } = await certificateOf(world, operationId);
    expect({ erased, attempts }).toEqual({ erased: erasedByAll, attempts: 1 });
  });
});

describe('O2: a request for somebody who is not there, or not any more', () => {
  test.each([
    ['an unknown user', 'nobody@x.co', 'UnknownUserError', /nobody@x\.co/],
    ['an address that only begins like one', 'a@x.c', 'UnknownUserError', /a@x\.c/],
    ['no address', 'not-an-address', 'InvalidInputError', /user: got "not-an-address"/],
    ['a pattern', '*@x.co', 'InvalidInputError', /user: got "\*@x\.co"/],
    ['nothing', '', 'InvalidInputError', /user: got ""/],
    ['an alias', `alias-of-${USER}`, 'InvalidInputError', /user: .* is an alias/],
  ])(
    '%s: one error by the API and in the console, nothing changed',
    async (_, user, name, cause) => {
      const before = world.rows.rows();
      const refused = ask(user);
      await expect(refused).rejects.toMatchObject({ name, message: expect.stringMatching(cause) });
      await expect(refused).rejects.toHaveProperty('next', expect.stringMatching(/\.$/));
      const run = await world.run({ user });
      expect(run).toMatchObject({ status: 'FAILED', error: name });
      expect(run.cause).toMatch(cause);
      expect(world.rows.rows()).toEqual(before);
      expect(world.workflows.starts()).toEqual([]);
    },
  );

  test('U5, X3, W7: a user in deletion takes no mail, keeps the address and has one operation', async () => {
    const { operationId } = await ask();
    const answers: Promise<unknown>[] = [];
    const outcome = (call: Promise<unknown>): void => {
      answers.push(
        call.then(
          (value) => value,
          ({ name, next }) => ({ name, next }),
        ),
      );
    };
    const start = world.workflows.starts().at(-1);
    const run = await world.run(start?.input as object, {
      execution: start?.name ?? '',
      onState: (state) => {
        if (state !== 'Settle' || answers.length > 0) return;
        const messages = [{ raw: mail('late') }];
        outcome(deliverMessages(world.ports, { user: USER, messages }, deadline()));
        outcome(createMailbox(world.ports, account, 'Late'));
        outcome(createAccount(world.ports, CLASSES, { user: USER }));
        const aliases = [`alias-of-${USER}`];
        outcome(createAccount(world.ports, CLASSES, { user: 'new@x.co', aliases }));
        outcome(ask());
      },
    });
    const tells = { next: expect.stringMatching(/\.$/) };
    expect(await Promise.all(answers)).toEqual([
      { name: 'AccountNotActiveError', ...tells },
      { name: 'AccountNotActiveError', ...tells },
      { name: 'AddressTakenError', ...tells },
      { name: 'AddressTakenError', ...tells },
      expect.objectContaining({ operationId, attempt: 1, state: 'running' }),
    ]);
    expect(run.status).toBe('SUCCEEDED');
    expect(world.workflows.starts()).toHaveLength(1);
    expect(leftOf(world, account.accountId)).toEqual([]);
    await expect(ask(NEIGHBOUR)).resolves.toMatchObject({ state: 'running' });
  });
});
