/**
 * The fence: one conditional write on the account, then every mailbox. From the first write on no
 * mailbox, dict, object or cache row can be created, a hold is refused; from the second on no
 * message. Whoever had a body in flight can no longer link it, and its orphan is found by prefix.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { FenceAnswer, OperationContext } from '../../contract/payloads.ts';
import { type RowKey, registryKeys } from '../../contract/row-layout.ts';
import { readAccount } from '../accounts/accounts.ts';
import { LetheError } from '../errors.ts';
import { enterStep } from '../operations/operations.ts';
import { inParallel } from '../rows/parallel.ts';
import type { RowPorts, Until } from './erasure-ports.ts';
import { mailboxRows } from './plan.ts';

const PARALLEL_WRITES = 10;

/** Mailboxes fenced between two looks at the clock. */
const CHUNK_MAILBOXES = 100;

/**
 * Raises the fence, or answers why it must not be raised.
 * @throws SupersededError
 */
export async function fenceAccount(
  ports: RowPorts,
  context: OperationContext,
  until: Until,
): Promise<FenceAnswer> {
  await enterStep(ports, context, 'Fence account');
  const { accountId, operationId } = context;
  const result = await ports.rows.write({
    kind: 'update',
    key: registryKeys.account(accountId),
    guard: {
      row: 'present',
      equals: { operationId },
      oneOf: { state: ['disabled', 'deleting'] },
      without: ['hold'],
    },
    change: { set: { state: 'deleting' } },
  });
  if (result.outcome !== 'written') return await fenceRefusal(ports, context);
  let chunk: RowKey[] = [];
  for await (const row of mailboxRows(ports.rows, accountId)) {
    if (row.attributes['state'] === 'erasing') continue;
    chunk.push(row.key);
    if (chunk.length < CHUNK_MAILBOXES) continue;
    await fenceMailboxes(ports, chunk);
    chunk = [];
    if (ports.clock.now() >= until) return { outcome: 'again' };
  }
  await fenceMailboxes(ports, chunk);
  return { outcome: 'fenced' };
}

/** A mailbox row that is gone by now needs no fence: its update is refused, and that is fine. */
async function fenceMailboxes(ports: RowPorts, keys: readonly RowKey[]): Promise<void> {
  await inParallel(keys, PARALLEL_WRITES, (key) =>
    ports.rows.write({
      kind: 'update',
      key,
      guard: { row: 'present' },
      change: { set: { state: 'erasing' } },
    }),
  );
}

/**
 * What every step that removes something asks first: does the fence of this very operation stand?
 * The order of the machine's states says so too, but a state machine can be edited (W5).
 * @throws NotFencedError
 */
export async function requireFenced(
  rows: RowPorts['rows'],
  context: OperationContext,
): Promise<void> {
  const account = await readAccount(rows, context.accountId);
  if (account?.state === 'deleting' && account.operationId === context.operationId) return;
  throw new LetheError(
    ERROR_NAMES.notFenced,
    `account ${context.accountId} is ${account?.state ?? 'gone'}, not fenced by ${context.operationId}`,
    'Nothing was removed. Look at the order of the steps, then resume the operation.',
  );
}

async function fenceRefusal(ports: RowPorts, context: OperationContext): Promise<FenceAnswer> {
  const account = await readAccount(ports.rows, context.accountId);
  if (account?.held === true) {
    return {
      outcome: 'refused',
      error: ERROR_NAMES.accountHeld,
      message: `account ${context.accountId} is held: nothing was erased, the user stays disabled`,
    };
  }
  const state = account?.state ?? 'gone';
  return {
    outcome: 'refused',
    error: ERROR_NAMES.accountNotActive,
    message: `account ${context.accountId} is ${state}, or belongs to another operation`,
  };
}
