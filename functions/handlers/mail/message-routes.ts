/** Requests that change messages, or look for some: one route each, the core does the rest. */
import type { Hono } from 'hono';
import { z } from 'zod';
import type {
  ChangeFlagsRequest,
  CopyDeletedRequest,
  ExpungeMessagesRequest,
  MessageQuery,
  RestoreMessagesRequest,
  RestoreQuery,
} from '../../contract/mail-api.ts';
import { parseMessageQuery, parseRestoreQuery } from '../../core/queries/parse-query.ts';
import { requestCopy, requestFlags, requestMove } from '../../core/requests/change-messages.ts';
import { requestByQuery, requestSearch } from '../../core/requests/copy-by-query.ts';
import { requestExpunge } from '../../core/requests/expunge-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { requestRestore } from '../../core/requests/restore-request.ts';
import { callerOf, type DoorEnv, readBody } from '../../runtime/door.ts';
import type { OpenRequest } from './open-request.ts';

const PATH = z.string('allowed is the name of a mailbox');
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
});

const EXPUNGE = z.strictObject({
  mailbox: PATH.optional(),
  uids: UIDS.optional(),
  deletedOnly: z.boolean().optional(),
  query: MESSAGE_QUERY.optional(),
  bypassExpungeStorage: z.boolean().optional(),
  deleteEmptied: z.boolean().optional(),
  dryRun: z.boolean().optional(),
});

const RESTORE = z.strictObject({
  mailbox: PATH.optional(),
  uids: UIDS.optional(),
  query: RESTORE_QUERY.optional(),
  to: PATH.optional(),
  keep: z.boolean().optional(),
  overQuota: z.boolean().optional(),
  dryRun: z.boolean().optional(),
});

const SEARCH = z.strictObject({ query: MESSAGE_QUERY });

/** @param base path of an account, for owners or for administrators */
export function addMessageRoutes(door: Hono<DoorEnv>, base: string, open: OpenRequest): void {
  const post = <S extends z.ZodType>(
    name: string,
    schema: S,
    act: (request: MailRequest, body: z.infer<S>, requestedBy: string) => Promise<object>,
    checkQuery?: (query: unknown, now: number) => unknown,
  ) =>
    door.post(`${base}/messages/${name}`, async (context) => {
      const body = await readBody(context, schema);
      // Before anything is looked at, even the account; what time it is does not matter for that.
      const { query } = body as { readonly query?: unknown };
      if (query !== undefined) checkQuery?.(query, 0);
      return context.json(await act(await open(context), body, callerOf(context)));
    });
  post('flags', FLAGS, (request, body) => requestFlags(request, body as ChangeFlagsRequest));
  post('copy', COPY, (request, body) => requestCopy(request, body as CopyDeletedRequest));
  post('move', MOVE, requestMove);
  for (const verb of ['copy', 'move'] as const) {
    post(
      `${verb}-by-query`,
      COPY_BY_QUERY,
      (request, { query, to, createTarget = false }) =>
        requestByQuery(request, verb, { query, to, createTarget }),
      parseMessageQuery,
    );
  }
  post(
    'expunge',
    EXPUNGE,
    (request, body, requestedBy) =>
      requestExpunge(request, body as ExpungeMessagesRequest, requestedBy),
    parseMessageQuery,
  );
  post(
    'restore',
    RESTORE,
    (request, body) => requestRestore(request, body as RestoreMessagesRequest),
    parseRestoreQuery,
  );
  post('search', SEARCH, requestSearch, parseMessageQuery);
}
