/** Every step checks its payload before it touches anything. */
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handler as certifyErasure } from '../../../functions/handlers/certify-erasure.ts';
import { handler as clearCaches } from '../../../functions/handlers/clear-caches.ts';
import { handler as disableUser } from '../../../functions/handlers/disable-user.ts';
import { handler as eraseAccountRows } from '../../../functions/handlers/erase-account-rows.ts';
import { handler as eraseRange } from '../../../functions/handlers/erase-range.ts';
import { handler as fenceAccount } from '../../../functions/handlers/fence-account.ts';
import { handler as planErasure } from '../../../functions/handlers/plan-erasure.ts';
import { handler as recordFailure } from '../../../functions/handlers/record-failure.ts';
import { handler as releaseAddress } from '../../../functions/handlers/release-address.ts';
import { handler as resolveAccount } from '../../../functions/handlers/resolve-account.ts';
import { handler as verifyErasure } from '../../../functions/handlers/verify-erasure.ts';
import { captureLog, type LogLines } from '../runtime/log-lines.ts';

const operation = { operationId: 'op-1', attempt: 1, accountId: 'a1' };
const context = { getRemainingTimeInMillis: () => 300_000 } as unknown as Context;

const STEPS = {
  certifyErasure: [certifyErasure, { operation }],
  clearCaches: [clearCaches, { operation }],
  disableUser: [disableUser, { operation }],
  eraseAccountRows: [eraseAccountRows, { operation, round: 1 }],
  eraseRange: [eraseRange, { operation, round: 1, range: 0, rangeCount: 1 }],
  fenceAccount: [fenceAccount, { operation }],
  planErasure: [planErasure, { operation }],
  recordFailure: [recordFailure, { operation, error: 'E', message: 'm' }],
  releaseAddress: [releaseAddress, { operation }],
  resolveAccount: [resolveAccount, { executionName: 'e', input: { user: 'john@example.org' } }],
  verifyErasure: [verifyErasure, { operation, round: 1 }],
} as const;

/** Each step with each member of its payload missing, or of another type. */
const WRONG = Object.entries(STEPS).flatMap(([step, [handler, payload]]) =>
  Object.keys(payload)
    .filter((member) => member !== 'input')
    .flatMap((member) => [
      { step, handler, member, how: 'missing', given: { ...payload, [member]: undefined } },
      { step, handler, member, how: 'of another type', given: { ...payload, [member]: [] } },
    ]),
);

let log: LogLines;

beforeEach(() => {
  log = captureLog();
});
afterEach(() => {
  log.release();
});

describe('the steps of delete-account', () => {
  test.each(WRONG)(
    'O2: $step refuses a payload whose $member is $how',
    async ({ handler, member, given }) => {
      await expect(handler(given, context)).rejects.toThrow(new RegExp(`^${member}: .*allowed is`));
      expect(log.lines()).toEqual([expect.objectContaining({ message: 'step failed' })]);
    },
  );

  test.each(Object.entries(STEPS))(
    'O2: %s, given what it needs, says what its environment lacks, and no address is logged',
    async (_, [handler, payload]) => {
      await expect(handler(payload, context)).rejects.toThrow(
        /^the function's environment lacks .*LETHE_/,
      );
      expect(log.text()).not.toContain('john');
    },
  );
});
