/** Ending deleted folders for good. */
import { PURGE_MAILBOXES } from '../../contract/requests/accounts.ts';
import type { RequestPorts } from '../../core/operations/run-operation.ts';
import { requestPurge } from '../../core/purge/request-purge.ts';
import { callerOf, type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';

/** @param accepted answers with an operation that has begun */
export function addPurgeRoutes(
  door: Door,
  ports: () => RequestPorts,
  accepted: (context: DoorContext, operationId: string) => Promise<Response>,
): void {
  door.route(PURGE_MAILBOXES, async ({ context, query, body }) => {
    const input = query.dryRun ? { ...body, dryRun: true } : body;
    const deadline = deadlineOf(context, ports().clock);
    const operation = await requestPurge(ports(), input, callerOf(context), deadline);
    return await accepted(context, operation.operationId);
  });
}
