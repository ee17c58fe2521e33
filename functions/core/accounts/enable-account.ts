/** Disabling a user and enabling him again, by themselves: his mail stays as it is. */
import { registryKeys } from '../../contract/row-layout.ts';
import { parseAddress } from '../names/address.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { type Account, findAccount, notActive, unknownUser } from './accounts.ts';

/** What the userdb's entry says of who disabled it; deletions leave the id of their operation. */
const BY_REQUEST = 'request';

/**
 * No new logins and no deliveries from now on, or again. An account that is as it is wanted stays so.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, AccountNotActiveError while it is being deleted,
 *   StoreBusyError
 */
export async function setAccountEnabled(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  given: string,
  enabled: boolean,
  deadline: number,
): Promise<Account> {
  const user = parseAddress('user', given);
  return await untilWon(ports, deadline, async () => {
    const account = await findAccount(ports.rows, user);
    if (account === undefined) throw unknownUser(user);
    if (account.operationId !== undefined) throw notActive(account);
    const [was, becomes] = enabled
      ? (['disabled', 'active'] as const)
      : (['active', 'disabled'] as const);
    if (account.state === becomes) return account;
    if (account.state !== was) throw notActive(account);
    const result = await ports.rows.transact([
      {
        kind: 'update',
        key: registryKeys.account(account.accountId),
        guard: { row: 'present', equals: { state: was }, without: ['operationId'] },
        change: enabled
          ? { set: { state: becomes }, unset: ['disabledByRequest'] }
          : { set: { state: becomes, disabledByRequest: true } },
      },
      ...(await userdbWrites(ports, account, enabled)),
    ]);
    if (result.outcome !== 'written') return 'lost';
    const { disabledByRequest: _, ...rest } = account;
    return { ...rest, state: becomes, ...(enabled ? {} : { disabledByRequest: true }) };
  });
}

/** The entry of the account's own address, where the userdb still knows it as this account's. */
async function userdbWrites(
  { rows }: Pick<Ports, 'rows'>,
  { accountId, user }: Account,
  enabled: boolean,
): Promise<Write[]> {
  if (user === undefined) return [];
  const key = registryKeys.userdb(user);
  const entry = await rows.get(key);
  if (entry?.attributes['accountId'] !== accountId) return [];
  return [
    {
      kind: 'update',
      key,
      guard: { row: 'present', equals: { accountId } },
      change: enabled
        ? { set: { enabled }, unset: ['disabledBy'] }
        : { set: { enabled, disabledBy: BY_REQUEST } },
    },
  ];
}
