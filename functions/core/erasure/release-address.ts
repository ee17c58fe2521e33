/**
 * The last step: userdb entry and addresses go, each only if it still is this account's (W7);
 * then account and operation are closed in one transaction.
 */
import type { OperationContext } from '../../contract/payloads.ts';
import {
  accountPartition,
  type RowKey,
  registryKeys,
  TTL_ATTRIBUTE,
} from '../../contract/row-layout.ts';
import { closeOperation } from '../operations/close-operation.ts';
import {
  enterStep,
  finishWrite,
  requireOperation,
  retentionEnd,
} from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, Write } from '../ports/row-store.ts';
import { optionalText, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { requirePart } from './erasure-ports.ts';
import { expirePlan } from './plan.ts';

type ReleasePorts = Pick<Ports, 'rows' | 'clock'>;

const PAGE_ROWS = 100;

/**
 * Safe to repeat, also after the operation has ended.
 * @throws SupersededError
 */
export async function releaseAddress(
  ports: ReleasePorts,
  context: OperationContext,
): Promise<{ readonly operationId: string }> {
  const { operationId } = context;
  const { state } = await requireOperation(ports.rows, operationId);
  // A late delivery after the end: the address may be somebody else's by now.
  if (state === 'succeeded') return { operationId };
  await enterStep(ports, context, 'Release address');
  const row = await ports.rows.get(registryKeys.operation(operationId));
  const stableId = optionalText(requirePart(row, 'operation row'), 'userdbStableId');
  for await (const entry of accountRows(ports, context, 'address#')) {
    await releaseOne(ports, context.accountId, entry, stableId);
  }
  await removeRows(ports, context, 'idempotency#');
  await closeOthers(ports, context);
  await expirePlan(ports, operationId);
  await finish(ports, context);
  return { operationId };
}

function accountRows(ports: ReleasePorts, context: OperationContext, prefix: string) {
  return everyRow(ports.rows, {
    table: 'registry',
    pk: accountPartition(context.accountId),
    sk: { prefix },
    limit: PAGE_ROWS,
  });
}

/** Address and userdb entry first, the account's own note of it last: it is how they are found. */
async function releaseOne(
  ports: ReleasePorts,
  accountId: string,
  entry: Row,
  stableId: string | undefined,
): Promise<void> {
  const address = text(entry, 'address');
  await removeIfOwn(ports, registryKeys.address(address), { accountId });
  if (stableId !== undefined) {
    await removeIfOwn(ports, registryKeys.userdb(address), { accountId, stableId });
  }
  await ports.rows.write({ kind: 'remove', key: entry.key });
}

/** Refused means gone already, or somebody else's by now: either way it is left alone (W7). */
async function removeIfOwn(
  ports: ReleasePorts,
  key: RowKey,
  equals: Readonly<Record<string, string>>,
): Promise<void> {
  await ports.rows.write({ kind: 'remove', key, guard: { row: 'present', equals } });
}

/** Operations that were never finished hold an address, and what somebody looked for in the mail. */
async function closeOthers(ports: ReleasePorts, context: OperationContext): Promise<void> {
  for await (const entry of accountRows(ports, context, 'operation#')) {
    const operationId = text(entry, 'operationId');
    if (operationId !== context.operationId) await closeOperation(ports, context, operationId);
  }
}

async function removeRows(
  ports: ReleasePorts,
  context: OperationContext,
  prefix: string,
): Promise<void> {
  let keys: RowKey[] = [];
  for await (const { key } of accountRows(ports, context, prefix)) {
    keys.push(key);
    if (keys.length < PAGE_ROWS) continue;
    await ports.rows.removeAll(keys);
    keys = [];
  }
  await ports.rows.removeAll(keys);
}

/** A tombstone of the account stays as long as the operation: ids only, no address. */
async function finish(ports: ReleasePorts, context: OperationContext): Promise<void> {
  const now = ports.clock.now();
  const account: Write = {
    kind: 'update',
    key: registryKeys.account(context.accountId),
    guard: {
      row: 'present',
      equals: { operationId: context.operationId, state: 'deleting' },
    },
    change: {
      set: { state: 'erased', [TTL_ATTRIBUTE]: retentionEnd(now) },
      unset: ['user', 'listPk', 'listSk'],
    },
  };
  const index: Write = {
    kind: 'update',
    key: registryKeys.accountOperation(context.accountId, context.operationId),
    guard: { row: 'present' },
    change: { set: { [TTL_ATTRIBUTE]: retentionEnd(now) } },
  };
  const result = await ports.rows.transact([account, finishWrite(context, now), index]);
  if (result.outcome === 'written') return;
  // Another delivery of this step may have been faster; anything else is a fault for the retry.
  const { state } = await requireOperation(ports.rows, context.operationId);
  if (state !== 'succeeded') throw new Error(`could not close operation ${context.operationId}`);
}
