import { expect, test } from 'vitest';
import { watchExecutions } from '../../functions/core/operations/watch-executions.ts';
import { World } from './world.ts';

test('O1: the age of the oldest deletion that still runs is seen while it runs', async () => {
  const { ports, workflows, clock } = new World();
  expect(await watchExecutions(ports)).toEqual({ running: 0, oldestSeconds: 0 });
  await workflows.start('delete-account', 'first-1', {});
  await clock.sleep(3_600_000);
  await workflows.start('delete-account', 'second-1', {});
  await clock.sleep(1500);
  expect(await watchExecutions(ports)).toEqual({ running: 2, oldestSeconds: 3601 });
  workflows.setStatus('delete-account', 'first-1', 'succeeded');
  expect(await watchExecutions(ports)).toEqual({ running: 1, oldestSeconds: 1 });
});
