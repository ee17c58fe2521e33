/** Folders that go and come back: one route each, the core does the rest. */
import { z } from 'zod';
import type { DeleteMailboxRequest, UndeleteMailboxRequest } from '../../contract/folder-api.ts';
import { requestDelete } from '../../core/requests/delete-request.ts';
import { requestDeleted, requestMembers } from '../../core/requests/deleted-request.ts';
import { requestUndelete } from '../../core/requests/undelete-request.ts';
import { callerOf } from '../../runtime/door.ts';
import { DRY_RUN, PAGE, pageAsked, TEXT } from '../../runtime/request-parts.ts';
import type { AccountRoutes } from './open-request.ts';
import { PATH } from './open-request.ts';

const SOME_PATH = PATH.optional();
const YES = z.boolean('allowed is true or false').optional();

const DELETE = z.strictObject({
  mailbox: SOME_PATH,
  recursive: YES,
  requireEmpty: YES,
  unsubscribe: YES,
  bypassExpungeStorage: YES,
  all: YES,
});

const UNDELETE = z.strictObject({
  deletionId: z.string('allowed is the id of a deletion').optional(),
  mailbox: SOME_PATH,
  at: z.iso.datetime({ offset: true, error: 'allowed is a time in ISO 8601' }).optional(),
  path: SOME_PATH,
  to: SOME_PATH,
  toUser: z.string('allowed is an address').optional(),
  overQuota: YES,
});

export function addFolderRoutes(routes: AccountRoutes): void {
  const deleting = { query: DRY_RUN, body: DELETE };
  routes.route('POST', 'mailboxes/delete', deleting, async ({ context, query, body, open }) => {
    const wanted = { ...(body as DeleteMailboxRequest), dryRun: query.dryRun };
    return context.json(await requestDelete(await open(), wanted, callerOf(context)));
  });

  const undeleting = { query: DRY_RUN, body: UNDELETE };
  routes.route('POST', 'mailboxes/undelete', undeleting, async ({ context, query, body, open }) => {
    const wanted = { ...(body as UndeleteMailboxRequest), dryRun: query.dryRun };
    return context.json(await requestUndelete(await open(), wanted));
  });

  const listing = { query: { ...PAGE, deletion: TEXT } };
  routes.route('GET', 'mailboxes/deleted', listing, async ({ context, query, open }) => {
    const { deletion } = query;
    const request = await open();
    return context.json(
      deletion === undefined
        ? await requestDeleted(request, pageAsked(query))
        : await requestMembers(request, deletion, pageAsked(query)),
    );
  });
}
