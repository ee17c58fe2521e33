/** Whether a user may use an account: disabled, enabled, a deletion taken back. */

import {
  DISABLE_ACCOUNT,
  ENABLE_ACCOUNT,
  UNDELETE_ACCOUNT,
} from '../../contract/requests/accounts.ts';
import type { RequestForm } from '../../contract/requests/form.ts';
import type { Account } from '../../core/accounts/accounts.ts';
import { setAccountEnabled } from '../../core/accounts/enable-account.ts';
import { toAccountAnswer } from '../../core/accounts/show-account.ts';
import { undoDeletion } from '../../core/erasure/undo-deletion.ts';
import type { Ports } from '../../core/ports/ports.ts';
import { type Door, deadlineOf } from '../../runtime/door.ts';

type AccessPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;
type AccessChange = (ports: AccessPorts, user: string, deadline: number) => Promise<Account>;

export function addAccessRoutes(door: Door, ports: () => AccessPorts): void {
  const add = (form: RequestForm, change: AccessChange) =>
    door.route(form, async ({ context }) => {
      const { rows, clock, ids } = ports();
      const user = context.req.param('user') ?? '';
      const account = await change({ rows, clock, ids }, user, deadlineOf(context, clock));
      return context.json(await toAccountAnswer(rows, account));
    });
  add(UNDELETE_ACCOUNT, undoDeletion);
  add(DISABLE_ACCOUNT, (its, user, deadline) => setAccountEnabled(its, user, false, deadline));
  add(ENABLE_ACCOUNT, (its, user, deadline) => setAccountEnabled(its, user, true, deadline));
}
