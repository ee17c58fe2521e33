/** The end of what an operation has left beside its own row: plan, counts, verification. */
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { everyRow } from '../rows/paging.ts';
import { inGroups, inParallel } from '../rows/parallel.ts';
import { type OperationPorts, retentionEnd } from './operations.ts';

const PAGE_ROWS = 100;
const PARALLEL_WRITES = 10;

/**
 * Gives every row of an operation that has no end yet the one of its finished row, whatever kind it
 * is of (U7). Called before the operation ends, because nobody would come back to it afterwards: an
 * attempt that fails after this has 400 days to be resumed. Idempotent.
 */
export async function expireRecords(ports: OperationPorts, operationId: string): Promise<void> {
  const { pk, sk: own } = registryKeys.operation(operationId);
  const rows = everyRow(ports.rows, { table: 'registry', pk, limit: PAGE_ROWS });
  for await (const group of inGroups(rows, PAGE_ROWS)) {
    const lasting = group.filter(
      ({ key, attributes }) => key.sk !== own && attributes[TTL_ATTRIBUTE] === undefined,
    );
    await inParallel(lasting, PARALLEL_WRITES, ({ key }) =>
      ports.rows.write({
        kind: 'update',
        key,
        guard: { row: 'present' },
        change: { set: { [TTL_ATTRIBUTE]: retentionEnd(ports.clock.now()) } },
      }),
    );
  }
}
