/** Mailboxes, rights on them, and subscriptions: one route each, the core does the rest. */

import type { MailboxAnswer } from '../../contract/api.ts';
import {
  CHANGE_MAILBOX,
  CREATE_MAILBOX,
  LIST_MAILBOXES,
  LIST_SUBSCRIPTIONS,
  RENAME_MAILBOX,
  SET_ACL,
  SHOW_ACL,
  SHOW_RIGHTS,
  SHOW_STATUS,
  SUBSCRIBE,
  UNSUBSCRIBE,
} from '../../contract/requests/mailboxes.ts';
import { isThere } from '../../core/mailboxes/every-mailbox.ts';
import type { Mailbox } from '../../core/mailboxes/mailbox.ts';
import { listMailboxes } from '../../core/mailboxes/mailboxes.ts';
import { storedIn } from '../../core/quota/quota.ts';
import { requestCreate } from '../../core/requests/create-request.ts';
import { isListed, requestList } from '../../core/requests/list-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import {
  requestAcl,
  requestChangeUids,
  requestRights,
  requestSetAcl,
  requestStatus,
  requestSubscribe,
  requestSubscriptions,
  requestUnsubscribe,
} from '../../core/requests/mailbox-requests.ts';
import { requestRename } from '../../core/requests/rename-request.ts';
import { pageAsked } from '../../runtime/request-parts.ts';
import { type AccountRoutes, placeIn } from './open-request.ts';

export function addMailboxRoutes(routes: AccountRoutes): void {
  routes.route(LIST_MAILBOXES, async ({ context, query, open }) => {
    const page = pageAsked(query);
    const request = await open();
    return context.json(
      query.pattern === undefined
        ? await listAll(request, page)
        : await requestList(request, query.pattern, page),
    );
  });

  routes.route(CREATE_MAILBOX, async ({ context, body, open }) => {
    const made = await requestCreate(await open(), body);
    return context.json(toMailboxAnswer(made), 201);
  });

  routes.route(CHANGE_MAILBOX, async ({ context, body, open }) =>
    context.json(toMailboxAnswer(await requestChangeUids(await open(), body))),
  );

  routes.route(RENAME_MAILBOX, async ({ context, body, open }) =>
    context.json(toMailboxAnswer(await requestRename(await open(), body))),
  );
  addLooking(routes);
  addSubscriptions(routes);
}

function addLooking(routes: AccountRoutes): void {
  routes.route(SHOW_STATUS, async ({ context, query, open }) =>
    context.json(await requestStatus(await open(), placeIn(query))),
  );
  routes.route(SHOW_RIGHTS, async ({ context, query, open }) =>
    context.json(await requestRights(await open(), placeIn(query))),
  );
  routes.route(SHOW_ACL, async ({ context, query, open }) =>
    context.json(await requestAcl(await open(), placeIn(query))),
  );
  routes.route(SET_ACL, async ({ context, body, open }) =>
    context.json(await requestSetAcl(await open(), body)),
  );
}

function addSubscriptions(routes: AccountRoutes): void {
  routes.route(LIST_SUBSCRIPTIONS, async ({ context, query, open }) => {
    const { paths, next } = await requestSubscriptions(await open(), pageAsked(query));
    return context.json({ items: paths.map((path) => ({ path })), ...(next && { next }) });
  });
  routes.route(SUBSCRIBE, async ({ context, body, open }) =>
    context.json({ path: await requestSubscribe(await open(), body.path) }, 201),
  );
  routes.route(UNSUBSCRIBE, async ({ context, query, open }) => {
    await requestUnsubscribe(await open(), query.path ?? '');
    return context.body(null, 204);
  });
}

/** One page with what each holds. May hold fewer than asked for, even none, and have a successor. */
async function listAll(
  request: MailRequest,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly items: readonly MailboxAnswer[]; readonly next?: string }> {
  const { rows, clock } = request.ports;
  const { account } = request.access;
  const { mailboxes, next } = await listMailboxes(rows, account.accountId, page);
  const items: MailboxAnswer[] = [];
  const there = mailboxes.filter((one) => isThere(account, one) && isListed(request, one));
  for (const mailbox of there) {
    const { messages, bytes, ...rest } = toMailboxAnswer(mailbox);
    const stored = await storedIn(rows, mailbox, clock.now());
    items.push({ ...rest, messages: messages + stored.messages, bytes: bytes + stored.bytes });
  }
  return { items, ...(next === undefined ? {} : { next }) };
}

function toMailboxAnswer(mailbox: Mailbox): MailboxAnswer {
  const { mailboxId, path, uidValidity, uidNext, messages, bytes, specialUse } = mailbox;
  return {
    mailboxId,
    path,
    uidValidity,
    uidNext,
    messages,
    bytes,
    ...(specialUse === undefined ? {} : { specialUse }),
  };
}
