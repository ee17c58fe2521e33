/** Folders that go and come back: one route each, the core does the rest. */
import { DELETE_MAILBOX, LIST_DELETED, UNDELETE_MAILBOX } from '../../contract/requests/folders.ts';
import { requestDelete } from '../../core/requests/delete-request.ts';
import { requestDeleted, requestMembers } from '../../core/requests/deleted-request.ts';
import { requestUndelete } from '../../core/requests/undelete-request.ts';
import { callerOf } from '../../runtime/door.ts';
import { pageAsked } from '../../runtime/request-parts.ts';
import type { AccountRoutes } from './open-request.ts';

export function addFolderRoutes(routes: AccountRoutes): void {
  routes.route(DELETE_MAILBOX, async ({ context, query, body, open }) => {
    const wanted = { ...body, dryRun: query.dryRun };
    return context.json(await requestDelete(await open(), wanted, callerOf(context)));
  });

  routes.route(UNDELETE_MAILBOX, async ({ context, query, body, open }) => {
    const wanted = { ...body, dryRun: query.dryRun };
    return context.json(await requestUndelete(await open(), wanted));
  });

  routes.route(LIST_DELETED, async ({ context, query, open }) => {
    const { deletion } = query;
    const request = await open();
    return context.json(
      deletion === undefined
        ? await requestDeleted(request, pageAsked(query))
        : await requestMembers(request, deletion, pageAsked(query)),
    );
  });
}
