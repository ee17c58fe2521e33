/** Ending deleted folders for good. */
import { LIST_PURGEABLE, PURGE_MAILBOXES } from '../../contract/requests/accounts.ts';
import type { RequestPorts } from '../../core/operations/run-operation.ts';
import { purgeableFolders } from '../../core/purge/purgeable-folders.ts';
import { requestPurge } from '../../core/purge/request-purge.ts';
import { callerOf, type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';
import { pageAsked } from '../../runtime/request-parts.ts';

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

  door.route(LIST_PURGEABLE, async ({ context, query }) => {
    const id = context.req.param('id') ?? '';
    return context.json(await purgeableFolders(ports().rows, id, pageAsked(query)));
  });
}
