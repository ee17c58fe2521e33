/** Ending deleted folders for good. */
import type { Hono } from 'hono';
import { z } from 'zod';
import type { RequestPorts } from '../../core/operations/run-operation.ts';
import { requestPurge } from '../../core/purge/request-purge.ts';
import {
  callerOf,
  type DoorContext,
  type DoorEnv,
  deadlineOf,
  readBody,
} from '../../runtime/door.ts';

const any = z.unknown().optional();

/** What its fields take is said by the core, as of an execution's input. */
const PURGE = z.strictObject({
  user: any,
  domain: any,
  deletionId: any,
  olderThanDays: any,
  olderThanSeconds: any,
  ignoreOwnRetention: any,
  dryRun: any,
});

/** @param accepted answers with an operation that has begun */
export function addPurgeRoutes(
  door: Hono<DoorEnv>,
  ports: () => RequestPorts,
  accepted: (context: DoorContext, operationId: string) => Promise<Response>,
): void {
  door.post('/v1/mailboxes/purge', async (context) => {
    const input = await readBody(context, PURGE);
    const deadline = deadlineOf(context, ports().clock);
    const operation = await requestPurge(ports(), input, callerOf(context), deadline);
    return await accepted(context, operation.operationId);
  });
}
