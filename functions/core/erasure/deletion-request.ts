/** What the doors to a deletion share: who is meant, and whether it may be deleted. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { type Account, accountHeld, findAccount, unknownUser } from '../accounts/accounts.ts';
import { requireMeant } from '../accounts/meant-account.ts';
import { LetheError, quoted } from '../errors.ts';
import type { RowStore } from '../ports/row-store.ts';

/** Whose deletion is asked for. */
export interface Meant {
  readonly user: string;
  /** Without it, whoever has the address now. */
  readonly accountId?: string;
  /** Erase although the userdb does not know the user (U2). */
  readonly allowUnknownUser: boolean;
}

/**
 * The account that a user's address names, if its deletion may begin.
 * @throws InvalidInputError when it is an alias: whoever means to delete `sales@` must not lose
 *   all of john's mail; AccountMismatchError when the address is another account's than is meant
 *   (W7); UnknownUserError when nobody has the address, or when the userdb does not know the user
 *   and the caller did not say that this is expected (U2); AccountHeldError (W6)
 */
export async function requireDeletableAccount(
  rows: RowStore,
  { user, accountId, allowUnknownUser }: Meant,
): Promise<Account> {
  const account = await findAccount(rows, user);
  if (account === undefined) throw unknownUser(user);
  requireMeant(account, user, accountId);
  if (account.held) throw accountHeld(account.accountId);
  if (allowUnknownUser || account.user === undefined) return account;
  const entry = await rows.get(registryKeys.userdb(account.user));
  if (entry?.attributes['accountId'] === account.accountId) return account;
  throw new LetheError(
    ERROR_NAMES.unknownUser,
    `the userdb does not know ${quoted(user)}, but there is an account with data`,
    'Say allowUnknownUser if the user was removed on purpose and the data must go.',
  );
}
