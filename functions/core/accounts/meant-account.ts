/** Whether the account that an address leads to is the one that a request about it means. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import type { Account } from './accounts.ts';

function accountMismatch(user: string, meant: string, account: Account): LetheError {
  return new LetheError(
    ERROR_NAMES.accountMismatch,
    `${quoted(user)} is the address of account ${account.accountId}, not of ${quoted(meant)}`,
    'Nothing was changed. Look at the account first: the address has another owner.',
  );
}

function notThePrimary(user: string, account: Account): LetheError {
  const { accountId, user: main } = account;
  // Whole, however long it is: it is what to use.
  const use = JSON.stringify(main);
  return InvalidInputError.of(
    'user',
    `${quoted(user)} is an alias of account ${accountId}, allowed is its main address ${use}`,
  );
}

/**
 * What is done to an account as a whole is asked for by its main address: whoever means `sales@`
 * must not change all that john has.
 * @param accountId the account that is meant, whoever has the address (W7); any if missing
 * @throws AccountMismatchError, InvalidInputError for an alias, naming the main address
 */
export function requireMeant(account: Account, user: string, accountId?: string): void {
  if (accountId !== undefined && accountId !== account.accountId) {
    throw accountMismatch(user, accountId, account);
  }
  if (account.user !== undefined && account.user !== user) throw notThePrimary(user, account);
}
