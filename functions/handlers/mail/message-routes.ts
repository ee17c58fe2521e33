/** Requests that change messages, or look for some: one route each, the core does the rest. */
import { z } from 'zod';
import type {
  ChangeFlagsRequest,
  CopyDeletedRequest,
  ExpungeMessagesRequest,
  RestoreMessagesRequest,
  SearchRequest,
} from '../../contract/mail-api.ts';
import type { MessageQuery, RestoreQuery } from '../../contract/query-api.ts';
import { parseMessageQuery, parseRestoreQuery } from '../../core/queries/parse-query.ts';
import { requestCopy, requestFlags, requestMove } from '../../core/requests/change-messages.ts';
import { requestByQuery, requestSearch } from '../../core/requests/copy-by-query.ts';
import { requestExpunge } from '../../core/requests/expunge-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { requestRestore } from '../../core/requests/restore-request.ts';
import { callerOf } from '../../runtime/door.ts';
import { DRY_RUN } from '../../runtime/request-parts.ts';
import type { AccountRoutes } from './open-request.ts';
import { PATH } from './open-request.ts';

const UIDS = z.array(z.int('allowed is a whole number').positive(), 'allowed is a list of UIDs');

const FLAG_CHANGE = z.strictObject({
  flags: z.array(z.string()).optional(),
  keywords: z.array(z.string()).optional(),
});

/** The core understands queries and says what is wrong with one. */
const MESSAGE_QUERY = z.custom<MessageQuery>(() => true);
const RESTORE_QUERY = z.custom<RestoreQuery>(() => true);

const FLAGS = z.strictObject({
  mailbox: PATH,
  uids: UIDS,
  add: FLAG_CHANGE.optional(),
  remove: FLAG_CHANGE.optional(),
});

const MOVE = z.strictObject({ from: PATH, uids: UIDS, to: PATH });

/** Out of a deleted folder, the mailbox that was deleted needs no name. */
const COPY = MOVE.extend({ from: PATH.optional(), fromDeletion: z.string().optional() });

const COPY_BY_QUERY = z.strictObject({
  query: MESSAGE_QUERY,
  to: PATH,
  createTarget: z.boolean().optional(),
  cursor: z.string().optional(),
});

const EXPUNGE = z.strictObject({
  mailbox: PATH.optional(),
  uids: UIDS.optional(),
  deletedOnly: z.boolean().optional(),
  query: MESSAGE_QUERY.optional(),
  bypassExpungeStorage: z.boolean().optional(),
  deleteEmptied: z.boolean().optional(),
  cursor: z.string().optional(),
});

const RESTORE = z.strictObject({
  mailbox: PATH.optional(),
  uids: UIDS.optional(),
  query: RESTORE_QUERY.optional(),
  to: PATH.optional(),
  keep: z.boolean().optional(),
  overQuota: z.boolean().optional(),
  cursor: z.string().optional(),
});

const SEARCH = z.strictObject({ query: MESSAGE_QUERY, cursor: z.string().optional() });

/** Before anything is looked at, even the account; what time it is does not matter for that. */
const checking =
  (parse: (query: unknown, now: number) => unknown) =>
  ({ query }: { readonly query?: unknown }): unknown =>
    query === undefined ? undefined : parse(query, 0);

const checkMessageQuery = checking(parseMessageQuery);

export function addMessageRoutes(routes: AccountRoutes): void {
  const post = <S extends z.ZodType>(
    name: string,
    body: S,
    act: (request: () => Promise<MailRequest>, body: z.infer<S>) => Promise<object>,
    more: { readonly check?: (body: z.infer<S>) => unknown } = {},
  ) =>
    routes.route('POST', `messages/${name}`, { body, ...more }, async (asked) =>
      asked.context.json(await act(asked.open, asked.body)),
    );
  const checked = { check: checkMessageQuery };
  post('flags', FLAGS, async (open, body) =>
    requestFlags(await open(), body as ChangeFlagsRequest),
  );
  post('copy', COPY, async (open, body) => requestCopy(await open(), body as CopyDeletedRequest));
  post('move', MOVE, async (open, body) => requestMove(await open(), body));
  for (const verb of ['copy', 'move'] as const) {
    const act = async (open: () => Promise<MailRequest>, body: z.infer<typeof COPY_BY_QUERY>) => {
      const { query, to, createTarget = false, cursor } = body;
      const going = cursor === undefined ? {} : { cursor };
      return requestByQuery(await open(), verb, { query, to, createTarget, ...going });
    };
    post(`${verb}-by-query`, COPY_BY_QUERY, act, checked);
  }
  post(
    'search',
    SEARCH,
    async (open, body) => requestSearch(await open(), body as SearchRequest),
    checked,
  );
  addEnding(routes);
}

function addEnding(routes: AccountRoutes): void {
  const expunging = { query: DRY_RUN, body: EXPUNGE, check: checkMessageQuery };
  routes.route('POST', 'messages/expunge', expunging, async ({ context, query, body, open }) => {
    const wanted = { ...(body as ExpungeMessagesRequest), dryRun: query.dryRun };
    return context.json(await requestExpunge(await open(), wanted, callerOf(context)));
  });

  const restoring = { query: DRY_RUN, body: RESTORE, check: checking(parseRestoreQuery) };
  routes.route('POST', 'messages/restore', restoring, async ({ context, query, body, open }) => {
    const wanted = { ...(body as RestoreMessagesRequest), dryRun: query.dryRun };
    return context.json(await requestRestore(await open(), wanted));
  });
}
