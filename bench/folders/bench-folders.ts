/** A folder with little mail in it and one with much, deleted and brought back. */
import { dollarsOf } from '../../functions/core/meter/usage.ts';
import type { Instance } from '../../local/instance.ts';
import { meteredStores } from '../messages/metered-stores.ts';
import { type Cost, type FolderCost, folderCost } from './folder-costs.ts';

const FEW_MESSAGES = 10;

export interface FolderBenchOptions {
  /** In the folder with much. */
  readonly messages: number;
  readonly say: (line: string) => void;
}

export async function benchFolders(
  instance: Instance,
  { messages, say }: FolderBenchOptions,
): Promise<FolderCost[]> {
  const stores = await meteredStores(instance);
  try {
    const costs: FolderCost[] = [];
    for (const [index, count] of [FEW_MESSAGES, messages].entries()) {
      say(`a folder of ${count} messages ...`);
      const user = `folder-${index}@example.com`;
      costs.push(await folderCost(stores.ports, stores.meter, user, { messages: count }));
    }
    return costs;
  } finally {
    stores.destroy();
  }
}

/** The same as a table. */
export function describeFolderCosts(costs: readonly FolderCost[]): string {
  const rows = costs.flatMap(({ messages, deleted, undeleted }) => [
    line('delete', messages, deleted),
    line('undelete', messages, undeleted),
  ]);
  const head = 'operation | messages | requests | write units | read units | dollars per million';
  return [head, '--- | ---: | --- | ---: | ---: | ---:', ...rows]
    .map((row) => `| ${row} |\n`)
    .join('');
}

function line(operation: string, messages: number, { requests, units }: Cost): string {
  const calls = Object.entries(requests).map(([name, count]) => `${count} ${name}`);
  const { dynamodbWriteUnits: writes = 0, dynamodbReadUnits: reads = 0 } = units;
  const dollars = `$${(dollarsOf(units) * 1_000_000).toFixed(2)}`;
  return [operation, messages, calls.sort().join(', '), writes, reads, dollars].join(' | ');
}
