/** Taking a deletion back before anything is erased (U6). */
import type { AccountState } from '../../contract/api.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { type Account, findAccount, unknownUser } from '../accounts/accounts.ts';
import { parseAddress } from '../names/address.ts';
import { requireOperation, retentionEnd } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { optionalText } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import type { RowPorts } from './erasure-ports.ts';
import { erasureBegun, isUndoable } from './grace.ts';

/**
 * Gives an account back to its user: with all of its mail, as it was. The operation ends as undone.
 * An account that is not being deleted stays as it is.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, ErasureBegunError, StoreBusyError
 */
export async function undoDeletion(
  ports: RowPorts & Pick<Ports, 'ids'>,
  given: string,
  deadline: number,
): Promise<Account> {
  const user = parseAddress('user', given);
  return await untilWon(ports, deadline, async () => {
    const account = await findAccount(ports.rows, user);
    if (account === undefined) throw unknownUser(user);
    const { accountId, operationId } = account;
    if (operationId === undefined) return account;
    const operation = await requireOperation(ports.rows, operationId);
    if (!isUndoable(account, operation)) throw erasureBegun(accountId, operationId);
    const state: AccountState = account.disabledByRequest === true ? 'disabled' : 'active';
    const result = await ports.rows.transact([
      {
        kind: 'update',
        key: registryKeys.account(accountId),
        // The fence asks for the same row: one of the two wins.
        guard: {
          row: 'present',
          equals: { operationId },
          oneOf: { state: ['active', 'disabled'] },
        },
        change: { set: { state }, unset: ['operationId'] },
      },
      ...endWrites(accountId, operation, ports.clock.now()),
      ...(await enabling(ports, account, operationId)),
    ]);
    if (result.outcome !== 'written') return 'lost';
    const { operationId: _, ...given } = account;
    return { ...given, state };
  });
}

function endWrites(
  accountId: string,
  { operationId, state, attempt }: { operationId: string; state: string; attempt: number },
  now: number,
): Write[] {
  const ttl = { [TTL_ATTRIBUTE]: retentionEnd(now) };
  return [
    {
      kind: 'update',
      key: registryKeys.operation(operationId),
      guard: { row: 'present', equals: { state, attempt } },
      change: {
        set: { state: 'undone', finishedAt: now, updatedAt: now, ...ttl },
        unset: ['user', 'error', 'duePk', 'dueSk'],
      },
    },
    {
      kind: 'update',
      key: registryKeys.accountOperation(accountId, operationId),
      guard: { row: 'present' },
      change: { set: ttl },
    },
  ];
}

/** The userdb's entry, where this very deletion has disabled it; one disabled by request stays so. */
async function enabling(
  { rows }: RowPorts,
  { accountId, user, disabledByRequest }: Account,
  operationId: string,
): Promise<Write[]> {
  if (user === undefined || disabledByRequest === true) return [];
  const key = registryKeys.userdb(user);
  const entry = await rows.get(key);
  if (entry === undefined) return [{ kind: 'check', key, guard: { row: 'absent' } }];
  const disabledBy = optionalText(entry, 'disabledBy');
  if (disabledBy !== operationId) {
    // The deletion may be about to disable it: as it was read, or this is tried again.
    const guard =
      disabledBy === undefined ? { without: ['disabledBy'] } : { equals: { disabledBy } };
    return [{ kind: 'check', key, guard: { row: 'present', ...guard } }];
  }
  return [
    {
      kind: 'update',
      key,
      guard: { row: 'present', equals: { accountId, disabledBy: operationId } },
      change: { set: { enabled: true }, unset: ['disabledBy'] },
    },
  ];
}
