/** What another name changes on the row of a mailbox. */
import { dueAfterAdding } from '../policies/due.ts';
import { policyAttributes } from '../policies/policy-attributes.ts';
import type { Change } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * The clock of autoexpunge starts anew (A2), under the policy of the new name.
 * @param mailbox with the UIDVALIDITY that it has there
 */
export function renamed(
  mailbox: Mailbox,
  path: string,
  settings: ResolvedSettings,
  now: number,
): Change {
  const { dueSk: _, autoexpungeAfterSeconds: _a, autoexpungeMaxMails: _m, ...rest } = mailbox;
  const policy = policyAttributes(settings.autoexpungeOf(path) ?? {});
  const due = mailbox.messages === 0 ? undefined : dueAfterAdding({ ...rest, ...policy }, 0, now);
  const { uidValidity } = mailbox;
  const set = { path, uidValidity, renamedAt: now, ...policy, ...due };
  const unset = ['autoexpungeAfterSeconds', 'autoexpungeMaxMails', 'duePk', 'dueSk'];
  return { set, unset: unset.filter((name) => !Object.hasOwn(set, name)) };
}
