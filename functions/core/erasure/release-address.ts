/**
 * The last step: addresses, userdb entries, account and operation end in one transaction. So an
 * address is reserved, or free, only once nothing can act on it any more, neither this operation nor a later
 * attempt of it (W7).
 */
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../contract/limits.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import {
  accountPartition,
  type RowKey,
  registryKeys,
  TTL_ATTRIBUTE,
} from '../../contract/row-layout.ts';
import { giveUpWrite, type Reservation, reservationFor } from '../accounts/addresses.ts';
import { certificateName } from '../evidence/certificate.ts';
import { closeOperation } from '../operations/close-operation.ts';
import { expireRecords } from '../operations/expire-records.ts';
import {
  enterStep,
  finishWrite,
  requireOperation,
  retentionEnd,
  toOperation,
} from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, Write } from '../ports/row-store.ts';
import { optionalText, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { requirePart } from './erasure-ports.ts';

type ReleasePorts = Pick<Ports, 'rows' | 'clock'>;

const PAGE_ROWS = 100;

/** A transaction that meets another one is tried again, with the rows as they are by then. */
const TRIES_MAX = 5;
const RETRY_WAIT_MS = 200;

/**
 * Safe to repeat, also after the operation has ended.
 * @param settings how long nobody can have the addresses (U4); 0: they are free at once
 * @throws SupersededError
 */
export async function releaseAddress(
  ports: ReleasePorts,
  settings: { readonly reservationDays: number },
  context: OperationContext,
): Promise<{ readonly operationId: string }> {
  const { operationId } = context;
  const { state } = await requireOperation(ports.rows, operationId);
  // A late delivery after the end: the address may be somebody else's by now.
  if (state === 'succeeded') return { operationId };
  await enterStep(ports, context, 'Release address');
  await removeAddressRows(ports, context, 'idempotency#');
  await closeOthers(ports, context);
  await expireRecords(ports, operationId);
  await finish(ports, settings, context);
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

/** The account's addresses, its own first: that is the one by which operations find it. */
async function addressesOf(
  ports: ReleasePorts,
  context: OperationContext,
  account: Row,
): Promise<string[]> {
  const user = optionalText(account, 'user');
  const addresses: string[] = [];
  for await (const entry of accountRows(ports, context, 'address#')) {
    const address = text(entry, 'address');
    if (address === user) addresses.unshift(address);
    else addresses.push(address);
  }
  return addresses;
}

/**
 * The end of an address, reserved from now on or free, and the removals of its userdb entry and of
 * the account's own note of it. What is somebody else's by now is left alone (W7): a row changes
 * only if it still is the one that was read.
 */
async function addressWrites(
  ports: ReleasePorts,
  { accountId }: OperationContext,
  address: string,
  { stableId, reservation }: { readonly stableId?: string; readonly reservation?: Reservation },
): Promise<Write[]> {
  const entry = await isOwn(ports, registryKeys.address(address), { accountId });
  const userdb = registryKeys.userdb(address);
  const user = stableId === undefined ? undefined : { accountId, stableId };
  const known = user !== undefined && (await isOwn(ports, userdb, user));
  return [
    ...(entry ? [giveUpWrite(address, accountId, reservation)] : []),
    ...(known
      ? [{ kind: 'remove', key: userdb, guard: { row: 'present', equals: user } } as const]
      : []),
    { kind: 'remove', key: registryKeys.accountAddress(accountId, address) },
  ];
}

async function isOwn(
  ports: ReleasePorts,
  key: RowKey,
  equals: Readonly<Record<string, string>>,
): Promise<boolean> {
  const row = await ports.rows.get(key);
  return Object.entries(equals).every(([name, value]) => row?.attributes[name] === value);
}

/** Operations that were never finished hold an address, and what somebody looked for in the mail. */
async function closeOthers(ports: ReleasePorts, context: OperationContext): Promise<void> {
  for await (const entry of accountRows(ports, context, 'operation#')) {
    const operationId = text(entry, 'operationId');
    if (operationId === context.operationId) continue;
    await expireRecords(ports, operationId);
    await closeOperation(ports, context, operationId);
  }
}

async function removeAddressRows(
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

/**
 * Ends addresses, account and operation at one moment. 32 addresses of 3 rows each, the account,
 * the operation and its entry are 99 of the 100 items of a transaction.
 */
async function finish(
  ports: ReleasePorts,
  settings: { readonly reservationDays: number },
  context: OperationContext,
): Promise<void> {
  const rowOf = async (key: RowKey, what: string) => requirePart(await ports.rows.get(key), what);
  const operation = await rowOf(registryKeys.operation(context.operationId), 'operation row');
  const account = await rowOf(registryKeys.account(context.accountId), 'account row');
  const stableId = optionalText(operation, 'userdbStableId');
  const reservation = reservationFor(context.operationId, settings, ports.clock.now());
  const ending = {
    ...(stableId === undefined ? {} : { stableId }),
    ...(reservation === undefined ? {} : { reservation }),
  };
  const writesOf = async (addresses: readonly string[]): Promise<Write[]> => {
    const writes: Write[] = [];
    for (const address of addresses) {
      writes.push(...(await addressWrites(ports, context, address, ending)));
    }
    return writes;
  };
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const addresses = await addressesOf(ports, context, account);
    // No account gets more addresses than end with it. Should one have more all the same, the
    // aliases beyond go first: no step acts by an alias.
    for (const alias of addresses.splice(ADDRESSES_PER_ACCOUNT_MAX)) {
      await ports.rows.transact(await writesOf([alias]));
    }
    const end = endWrites(context, operation, account, ports.clock.now());
    const result = await ports.rows.transact([...(await writesOf(addresses)), ...end]);
    if (result.outcome === 'written') return;
    // Another delivery of this step may have been faster.
    const { state } = await requireOperation(ports.rows, context.operationId);
    if (state === 'succeeded') return;
    await ports.clock.sleep(tries * RETRY_WAIT_MS);
  }
  throw new Error(`could not close operation ${context.operationId}`);
}

/** All that is left of an account's row: nothing else of it outlives the account (U7). */
const TOMBSTONE = ['v', 'type', 'accountId', 'retentionClass', 'createdAt', 'operationId'] as const;

/** A tombstone of the account stays as long as the operation: ids only. */
function endWrites(
  context: OperationContext,
  operation: Row,
  { attributes }: Row,
  now: number,
): Write[] {
  const { accountId, operationId, attempt } = context;
  const kept = TOMBSTONE.flatMap((name) => {
    const value = attributes[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const ttl = { [TTL_ATTRIBUTE]: retentionEnd(now) };
  const certificate = certificateName(operationId, attempt, toOperation(operation).round);
  return [
    {
      kind: 'put',
      key: registryKeys.account(accountId),
      guard: { row: 'present', equals: { operationId, state: 'deleting' } },
      attributes: { ...Object.fromEntries(kept), state: 'erased', ...ttl },
    },
    // Not without the certificate of this very attempt and round.
    finishWrite(context, now, { certificate }),
    {
      kind: 'update',
      key: registryKeys.accountOperation(accountId, operationId),
      guard: { row: 'present' },
      change: { set: ttl },
    },
  ];
}
