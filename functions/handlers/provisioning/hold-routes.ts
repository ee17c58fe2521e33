/** Placing, listing and releasing holds. */
import type { HoldVerb } from '../../contract/machines.ts';
import { LIST_HOLDS, PLACE_HOLD, RELEASE_HOLD } from '../../contract/requests/accounts.ts';
import { listHolds } from '../../core/holds/list-holds.ts';
import { requestHold } from '../../core/holds/request-hold.ts';
import type { RequestPorts } from '../../core/operations/run-operation.ts';
import { callerOf, type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';

const userIn = (context: DoorContext): string => context.req.param('user') ?? '';

/** @param accepted answers with an operation that has begun */
export function addHoldRoutes(
  door: Door,
  ports: () => RequestPorts,
  accepted: (context: DoorContext, operationId: string) => Promise<Response>,
): void {
  const begin = async (context: DoorContext, verb: HoldVerb, asked: object) => {
    const wish = {
      verb,
      input: { ...asked, user: userIn(context) },
      requestedBy: callerOf(context),
    };
    const deadline = deadlineOf(context, ports().clock);
    const { operationId } = await requestHold(ports(), wish, deadline);
    return await accepted(context, operationId);
  };
  door.route(PLACE_HOLD, ({ context, query, body }) =>
    begin(context, 'hold-account', query.dryRun ? { ...body, dryRun: true } : body),
  );
  door.route(LIST_HOLDS, async ({ context }) =>
    context.json(await listHolds(ports(), userIn(context))),
  );
  door.route(RELEASE_HOLD, ({ context, query, body }) =>
    begin(context, 'release-hold', query.dryRun ? { ...body, dryRun: true } : body),
  );
}
