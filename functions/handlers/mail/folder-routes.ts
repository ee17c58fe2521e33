/** Folders that go and come back: one route each, the core does the rest. */
import type { Hono } from 'hono';
import { z } from 'zod';
import type { DeleteMailboxRequest, UndeleteMailboxRequest } from '../../contract/folder-api.ts';
import { requestDelete } from '../../core/requests/delete-request.ts';
import { requestDeleted, requestMembers } from '../../core/requests/deleted-request.ts';
import { requestUndelete } from '../../core/requests/undelete-request.ts';
import { callerOf, type DoorEnv, queryPage, readBody } from '../../runtime/door.ts';
import type { OpenRequest } from './open-request.ts';

const PATH = z.string('allowed is the name of a mailbox').optional();
const YES = z.boolean('allowed is true or false').optional();

const DELETE = z.strictObject({
  mailbox: PATH,
  recursive: YES,
  requireEmpty: YES,
  unsubscribe: YES,
  bypassExpungeStorage: YES,
  all: YES,
  dryRun: YES,
});

const UNDELETE = z.strictObject({
  deletionId: z.string('allowed is the id of a deletion').optional(),
  mailbox: PATH,
  at: z.iso.datetime({ offset: true, error: 'allowed is a time in ISO 8601' }).optional(),
  path: PATH,
  to: PATH,
  toUser: z.string('allowed is an address').optional(),
  overQuota: YES,
  dryRun: YES,
});

/** @param base path of an account, for owners or for administrators */
export function addFolderRoutes(door: Hono<DoorEnv>, base: string, open: OpenRequest): void {
  door.post(`${base}/mailboxes/delete`, async (context) => {
    const body = (await readBody(context, DELETE)) as DeleteMailboxRequest;
    return context.json(await requestDelete(await open(context), body, callerOf(context)));
  });

  door.post(`${base}/mailboxes/undelete`, async (context) => {
    const body = (await readBody(context, UNDELETE)) as UndeleteMailboxRequest;
    return context.json(await requestUndelete(await open(context), body));
  });

  door.get(`${base}/mailboxes/deleted`, async (context) => {
    const deletion = context.req.query('deletion');
    const page = queryPage(context);
    const request = await open(context);
    return context.json(
      deletion === undefined
        ? await requestDeleted(request, page)
        : await requestMembers(request, deletion, page),
    );
  });
}
