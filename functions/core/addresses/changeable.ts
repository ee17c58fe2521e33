/** When the addresses of an account may be changed, and the write that says so to all others. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../contract/limits.ts';
import { accountPartition, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { InvalidInputError, LetheError } from '../errors.ts';
import type { Attributes, RowStore, Write } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';

/**
 * Addresses of an account that is being deleted stay as they are until its last step: by them it
 * ends sessions, and is found (W7).
 * @throws AccountNotActiveError
 */
export function requireChangeable(account: Account): void {
  const { accountId, state, operationId } = account;
  if (state !== 'active') throw notActive(account);
  if (operationId === undefined) return;
  throw new LetheError(
    ERROR_NAMES.accountNotActive,
    `account ${accountId} is about to be deleted by operation ${operationId}`,
    'Its addresses cannot be changed any more. Look at the operation.',
  );
}

/**
 * Changes the row of an account whose addresses change: refused unless it still takes mail, nobody
 * has begun to delete it, and its addresses are those that were there when it was read.
 */
export function changeableWrite(account: Account, set: Attributes = {}): Write {
  const { accountId, user = '', addressRevision } = account;
  const revision = addressRevision === undefined ? {} : { addressRevision };
  const none = addressRevision === undefined ? ['addressRevision'] : [];
  return {
    kind: 'update',
    key: registryKeys.account(accountId),
    guard: {
      row: 'present',
      equals: { state: 'active', user, ...revision },
      without: ['operationId', ...none],
    },
    change: { set, add: { addressRevision: 1 } },
  };
}

/**
 * One address more must fit: all of an account's end in one transaction.
 * @throws InvalidInputError
 */
export async function requireRoom(rows: RowStore, accountId: string): Promise<void> {
  let addresses = 0;
  const pk = accountPartition(accountId);
  const limit = ADDRESSES_PER_ACCOUNT_MAX + 1;
  for await (const _ of everyRow(rows, {
    table: 'registry',
    pk,
    sk: { prefix: 'address#' },
    limit,
  })) {
    addresses += 1;
  }
  if (addresses < ADDRESSES_PER_ACCOUNT_MAX) return;
  throw InvalidInputError.of(
    'address',
    `the account has ${addresses} addresses, allowed are ${ADDRESSES_PER_ACCOUNT_MAX}`,
  );
}
