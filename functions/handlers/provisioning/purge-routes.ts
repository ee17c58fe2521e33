/** Ending deleted folders for good. */
import { z } from 'zod';
import type { RequestPorts } from '../../core/operations/run-operation.ts';
import { requestPurge } from '../../core/purge/request-purge.ts';
import { callerOf, type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';
import { DRY_RUN } from '../../runtime/request-parts.ts';

const any = z.unknown().optional();

/** What its fields take is said by the core, as of an execution's input. */
const PURGE = z.strictObject({
  user: any,
  domain: any,
  deletionId: any,
  olderThanDays: any,
  olderThanSeconds: any,
  ignoreOwnRetention: any,
});

/** @param accepted answers with an operation that has begun */
export function addPurgeRoutes(
  door: Door,
  ports: () => RequestPorts,
  accepted: (context: DoorContext, operationId: string) => Promise<Response>,
): void {
  const takes = { query: DRY_RUN, body: PURGE };
  door.route('POST', '/v1/mailboxes/purge', takes, async ({ context, query, body }) => {
    const input = query.dryRun ? { ...body, dryRun: true } : body;
    const deadline = deadlineOf(context, ports().clock);
    const operation = await requestPurge(ports(), input, callerOf(context), deadline);
    return await accepted(context, operation.operationId);
  });
}
