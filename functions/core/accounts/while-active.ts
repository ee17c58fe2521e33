/** Writes into an account's partition that must not happen once its erasure has begun (X3). */
import { registryKeys } from '../../contract/row-layout.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { type Account, notActive } from './accounts.ts';

/** Holds only while the account takes mail; put it first in a transaction. */
export function activeCheck(accountId: string): Write {
  return {
    kind: 'check',
    key: registryKeys.account(accountId),
    guard: { row: 'present', equals: { state: 'active' } },
  };
}

/** Of an account of which mail may go: not while it is held (W6). */
export const SWEEPABLE = {
  row: 'present',
  equals: { state: 'active' },
  without: ['hold'],
} as const;

/** Holds only while mail of the account may go, too. */
export function sweepableCheck(accountId: string): Write {
  return {
    kind: 'check',
    key: registryKeys.account(accountId),
    guard: SWEEPABLE,
  };
}

/**
 * Writes a row of the account together with the check that it is active. The write must carry no
 * guard of its own.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws AccountNotActiveError, StoreBusyError
 */
export async function writeWhileActive(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  account: Account,
  write: Write & { readonly guard?: never },
  deadline: number,
): Promise<void> {
  await untilWon(ports, deadline, async () => {
    const result = await ports.rows.transact([activeCheck(account.accountId), write]);
    if (result.outcome === 'refused') throw notActive(account);
    return result.outcome === 'written' ? 'won' : 'lost';
  });
}
