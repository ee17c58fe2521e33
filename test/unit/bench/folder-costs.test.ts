import { expect, test } from 'vitest';
import { describeFolderCosts } from '../../../bench/folders/bench-folders.ts';
import { folderCost } from '../../../bench/folders/folder-costs.ts';
import { Meter } from '../../../functions/core/meter/meter.ts';
import { MeteredRowStore } from '../../models/metered-row-store.ts';
import { World } from '../../simulation/world.ts';

async function costOf(messages: number) {
  const { ports } = new World();
  const meter = new Meter();
  const rows = new MeteredRowStore(ports.rows, meter);
  return await folderCost({ ...ports, rows }, meter, 'a@x.org', { messages, plain: ports.rows });
}

test('F1: a folder of 50,000 messages costs as much to delete and bring back as one of 10', async () => {
  const [few, many] = [await costOf(10), await costOf(50_000)];
  process.stdout.write(describeFolderCosts([few, many]));
  expect({ ...many, messages: 0 }).toEqual({ ...few, messages: 0 });
  for (const { requests, units } of [many.deleted, many.undeleted]) {
    const { transact = 0, ...others } = requests;
    expect(transact).toBe(1);
    // Each of them reads or writes some rows of an account with two mailboxes.
    expect(Object.values(others).reduce((sum, calls) => sum + calls, 0)).toBeLessThan(15);
    expect(units.dynamodbWriteUnits).toBeGreaterThan(0);
  }
}, 60_000);
