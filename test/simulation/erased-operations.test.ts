import { expect, test } from 'vitest';
import { requestBulk } from '../../functions/core/bulk/request-bulk.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { makeDoomed, USER } from './doomed-account.ts';

test('X3: with its account goes what an unfinished operation was to look for', async () => {
  const { world } = await makeDoomed();
  const input = { user: USER, query: { mailbox: '*', subject: 'a secret' } };
  const deadline = world.clock.now() + 1000;
  const { operationId } = await requestBulk(
    world.ports,
    { verb: 'expunge-messages', input, requestedBy: 'anna' },
    deadline,
  );
  world.workflows.setStatus('expunge-messages', `${operationId}-1`, 'failed');
  expect(await world.run({ user: USER })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await showOperation(world.ports, operationId)).toMatchObject({
    state: 'failed',
    error: { name: 'AccountNotActiveError' },
  });
  const left = JSON.stringify(world.rows.rows());
  expect(left).not.toContain('a secret');
  expect(left).not.toContain(`"${USER}"`);
});
