/** What the machines' first steps refuse before anything is changed. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { BulkVerb, HoldVerb, OperationVerb } from '../../../../functions/contract/machines.ts';
import { resolveSweep } from '../../../../functions/core/autoexpunge/resolve-sweep.ts';
import { resolveBulk } from '../../../../functions/core/bulk/resolve-bulk.ts';
import { requestDeletion } from '../../../../functions/core/erasure/request-deletion.ts';
import { resolveAccount } from '../../../../functions/core/erasure/resolve-account.ts';
import { resolveHold } from '../../../../functions/core/holds/resolve-hold.ts';
import { resolvePurge } from '../../../../functions/core/purge/resolve-purge.ts';
import { furnish } from '../../../simulation/mail.ts';
import { CLASSES, ERASURE, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';
const executionName = 'by-hand';

let world: World;
let accountId: string;

beforeEach(async () => {
  world = new World();
  ({ accountId } = await furnish(world.ports, CLASSES, USER, 2));
});

const bulk = (verb: BulkVerb) => (input: unknown) =>
  resolveBulk(world.ports, { verb, input, executionName });

const hold = (verb: HoldVerb) => (input: unknown) =>
  resolveHold(world.ports, { verb, input, executionName });

const CASE = { user: USER, caseId: 'case-1' };

const MACHINES: Readonly<Record<OperationVerb, (input: unknown) => Promise<object>>> = {
  'delete-account': (input) => resolveAccount(world.ports, ERASURE, { input, executionName }),
  'expunge-messages': bulk('expunge-messages'),
  'restore-messages': bulk('restore-messages'),
  'purge-mailboxes': (input) => resolvePurge(world.ports, 4, { input, executionName }),
  'hold-account': hold('hold-account'),
  'release-hold': hold('release-hold'),
};
const VERBS = Object.keys(MACHINES) as OperationVerb[];

/** An operation of a verb that waits for its execution. */
async function opened(verb: OperationVerb): Promise<string> {
  if (verb === 'delete-account') {
    const request = { user: USER, allowUnknownUser: false, requestedBy: 'tests' };
    return (await requestDeletion(world.ports, request, world.clock.now() + 10_000)).operationId;
  }
  const input = {
    'expunge-messages': { user: USER, query: { mailbox: 'INBOX', all: true } },
    'restore-messages': { user: USER, query: { origin: 'INBOX' } },
    'purge-mailboxes': { user: USER },
    'hold-account': { ...CASE, reason: 'court' },
    'release-hold': CASE,
  }[verb];
  if (verb === 'release-hold') await MACHINES['hold-account']({ ...CASE, reason: 'court' });
  const answer = await MACHINES[verb](input);
  return (answer as { operation: { operationId: string } }).operation.operationId;
}

async function expectRefused(verb: OperationVerb, input: unknown, field: string): Promise<void> {
  const before = world.rows.rows();
  const answer = await MACHINES[verb](input);
  expect(answer, JSON.stringify(input)).toMatchObject({
    outcome: 'refused',
    error: 'InvalidInputError',
    message: expect.stringContaining(field),
  });
  expect(world.rows.rows()).toEqual(before);
}

describe.each(VERBS)('%s', (verb) => {
  test.each(VERBS.filter((other) => other !== verb))(
    'W1, U5: does not carry out an operation of %s, and changes nothing',
    async (other) => {
      const operationId = await opened(other);
      await expectRefused(verb, { operationId }, 'operationId');
      await expectRefused(verb, { operationId, attempt: 1 }, 'operationId');
    },
  );

  test('O1: with the id of an operation nothing else is taken, least of all a dry run', async () => {
    const operationId = await opened(verb);
    await expectRefused(verb, { operationId, dryRun: true }, 'dryRun');
    await expectRefused(verb, { operationId, attempt: 1, dryRun: true }, 'dryRun');
    await expectRefused(verb, { operationId, user: USER }, 'user');
  });

  test.each(['dryrun', 'DryRun', 'dry_run', 'constructor', '__proto__', 'x'])(
    'O1, O2: %s is unknown',
    async (field) => {
      const input = JSON.parse(`{"user":"${USER}","${field}":true}`);
      await expectRefused(verb, input, field);
    },
  );

  test('O2: an attempt is one of an operation', async () => {
    await expectRefused(verb, { user: USER, attempt: 1 }, 'attempt');
  });
});

test.each(['dryrun', 'DryRun', 'constructor', 'operationId'])(
  'O1, O2: autoexpunge refuses %s',
  async (field) => {
    expect(await resolveSweep(world.ports, { input: { [field]: true } })).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining(field),
    });
  },
);

describe('a deletion that names the account it means', () => {
  test('W7: goes on when the address is its own, and is refused when it is not', async () => {
    const start = MACHINES['delete-account'];
    const before = world.rows.rows();
    for (const more of [{}, { dryRun: true }]) {
      expect(await start({ user: USER, accountId: 'f'.repeat(24), ...more })).toMatchObject({
        outcome: 'refused',
        error: 'AccountMismatchError',
        message: expect.stringContaining(accountId),
      });
    }
    expect(world.rows.rows()).toEqual(before);
    expect(await start({ user: USER, accountId })).toMatchObject({ outcome: 'proceed' });
  });
});
