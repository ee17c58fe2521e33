/** Disabling in the userdb: no new logins or deliveries, while doveadm still finds the user. */
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { readAccount } from '../accounts/accounts.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import { optionalText } from '../rows/attributes.ts';

/**
 * Disables the built-in userdb's entry and the account. Records the entry's stable id, by which
 * the last step knows whether the entry is still this user's (W7). A user the userdb does not know
 * has nothing to disable there (U2).
 * @throws SupersededError
 */
export async function disableUser(
  ports: Pick<Ports, 'rows' | 'clock'>,
  context: OperationContext,
): Promise<void> {
  await enterStep(ports, context, 'Disable user');
  const { accountId, operationId } = context;
  const user = (await readAccount(ports.rows, accountId))?.user;
  if (user !== undefined) {
    const key = registryKeys.userdb(user);
    const entry = await ports.rows.get(key);
    const stableId = entry && optionalText(entry, 'stableId');
    if (
      entry !== undefined &&
      stableId !== undefined &&
      entry.attributes['accountId'] === accountId
    ) {
      // One moment: a deletion that was undone meanwhile disables nobody any more.
      await ports.rows.transact([
        updateWrite(context, { userdbStableId: stableId }),
        {
          kind: 'update',
          key,
          guard: { row: 'present', equals: { accountId, stableId } },
          change: { set: { enabled: false, disabledBy: operationId } },
        },
      ]);
    }
  }
  // Refused when the account is past this already (a resumed attempt): that is fine.
  await ports.rows.write({
    kind: 'update',
    key: registryKeys.account(accountId),
    guard: { row: 'present', equals: { operationId, state: 'active' } },
    change: { set: { state: 'disabled' } },
  });
}
