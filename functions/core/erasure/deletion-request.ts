/** What the doors to a deletion share: who is meant, and whether it may be deleted. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { type Account, accountHeld, findAccount, unknownUser } from '../accounts/accounts.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import type { RowStore } from '../ports/row-store.ts';

/** 96 random bits, as an execution name allows them. */
export const OPERATION_ID_BYTES = 12;

function notThePrimary(user: string, account: Account): LetheError {
  return InvalidInputError.of(
    'user',
    `${quoted(user)} is an alias of account ${account.accountId}, allowed is the account's own address`,
  );
}

/**
 * The account that a user's address names, if its deletion may begin.
 * @throws InvalidInputError when it is an alias: whoever means to delete `sales@` must not lose
 *   all of john's mail; UnknownUserError when nobody has the address, or when the userdb does not know the user
 *   and the caller did not say that this is expected (U2); AccountHeldError (W6)
 */
export async function requireDeletable(
  rows: RowStore,
  user: string,
  allowUnknownUser: boolean,
): Promise<Account> {
  const account = await findAccount(rows, user);
  if (account === undefined) throw unknownUser(user);
  if (account.user !== undefined && account.user !== user) throw notThePrimary(user, account);
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
