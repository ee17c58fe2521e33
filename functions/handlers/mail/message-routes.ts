/** Requests that change messages, or look for some: one route each, the core does the rest. */

import type { z } from 'zod';
import type { QueryForms, RequestForm } from '../../contract/requests/form.ts';
import {
  CHANGE_FLAGS,
  COPY_BY_QUERY,
  COPY_MESSAGES,
  type CopyByQueryRequest,
  EXPUNGE_MESSAGES,
  MOVE_BY_QUERY,
  MOVE_MESSAGES,
  RESTORE_MESSAGES,
  SEARCH_MESSAGES,
} from '../../contract/requests/messages.ts';
import { parseMessageQuery, parseRestoreQuery } from '../../core/queries/parse-query.ts';
import { requestCopy, requestFlags, requestMove } from '../../core/requests/change-messages.ts';
import { requestByQuery, requestSearch } from '../../core/requests/copy-by-query.ts';
import { requestExpunge } from '../../core/requests/expunge-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { requestRestore } from '../../core/requests/restore-request.ts';
import { callerOf } from '../../runtime/door.ts';
import type { BodyCheck } from '../../runtime/request-parts.ts';
import type { AccountRoutes } from './open-request.ts';

/** Before anything is looked at, even the account; what time it is does not matter for that. */
const checking =
  (parse: (query: unknown, now: number) => unknown) =>
  ({ query }: { readonly query?: unknown }): unknown =>
    query === undefined ? undefined : parse(query, 0);

const checkMessageQuery = checking(parseMessageQuery);

export function addMessageRoutes(routes: AccountRoutes): void {
  const post = <Q extends QueryForms, S extends z.ZodType>(
    form: RequestForm<Q, S>,
    act: (request: () => Promise<MailRequest>, body: z.infer<S>) => Promise<object>,
    check?: BodyCheck<S>,
  ) =>
    routes.route(
      form,
      async (asked) => asked.context.json(await act(asked.open, asked.body)),
      check,
    );
  post(CHANGE_FLAGS, async (open, body) => requestFlags(await open(), body));
  post(COPY_MESSAGES, async (open, body) => requestCopy(await open(), body));
  routes.route(MOVE_MESSAGES, async ({ context, query, body, open }) =>
    context.json(await requestMove(await open(), { ...body, dryRun: query.dryRun })),
  );
  const byQuery =
    (verb: 'copy' | 'move') =>
    async (
      open: () => Promise<MailRequest>,
      { createTarget = false, ...body }: CopyByQueryRequest,
    ) =>
      requestByQuery(await open(), verb, { ...body, createTarget });
  post(COPY_BY_QUERY, byQuery('copy'), checkMessageQuery);
  post(MOVE_BY_QUERY, byQuery('move'), checkMessageQuery);
  post(SEARCH_MESSAGES, async (open, body) => requestSearch(await open(), body), checkMessageQuery);
  addEnding(routes);
}

function addEnding(routes: AccountRoutes): void {
  routes.route(
    EXPUNGE_MESSAGES,
    async ({ context, query, body, open }) => {
      const wanted = { ...body, dryRun: query.dryRun };
      return context.json(await requestExpunge(await open(), wanted, callerOf(context)));
    },
    checkMessageQuery,
  );
  routes.route(
    RESTORE_MESSAGES,
    async ({ context, query, body, open }) =>
      context.json(await requestRestore(await open(), { ...body, dryRun: query.dryRun })),
    checking(parseRestoreQuery),
  );
}
