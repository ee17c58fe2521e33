/** Mailboxes, rights on them, and subscriptions: one route each, the core does the rest. */
import { z } from 'zod';
import type {
  ChangeMailboxRequest,
  CreateMailboxRequest,
  MailboxAnswer,
} from '../../contract/api.ts';
import { SPECIAL_USES } from '../../contract/mailbox-names.ts';
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
import { PAGE, pageAsked, TEXT, TEXTS } from '../../runtime/request-parts.ts';
import { type AccountRoutes, PATH, PLACE, placeIn, WHOLE } from './open-request.ts';

const NEW_MAILBOX = z.strictObject({
  path: PATH,
  parents: z.boolean('allowed is true or false').optional(),
  specialUse: z.enum(SPECIAL_USES, 'allowed is a special use, for instance \\Trash').optional(),
  uidValidity: WHOLE.optional(),
});

const MAILBOX_CHANGE = z.strictObject({
  path: PATH,
  uidValidity: WHOLE.optional(),
  uidNext: WHOLE.optional(),
});

const RENAME = z.strictObject({ from: PATH, to: PATH });
const SUBSCRIPTION = z.strictObject({ path: PATH });

const ACL_CHANGE = z.strictObject({
  mailbox: PATH,
  identifier: z.string('allowed is an address or anyone'),
  rights: z.string('allowed are letters of RFC 4314'),
});

export function addMailboxRoutes(routes: AccountRoutes): void {
  const listing = { query: { ...PAGE, pattern: TEXTS } };
  routes.route('GET', 'mailboxes', listing, async ({ context, query, open }) => {
    const page = pageAsked(query);
    const request = await open();
    return context.json(
      query.pattern === undefined
        ? await listAll(request, page)
        : await requestList(request, query.pattern, page),
    );
  });

  routes.route('POST', 'mailboxes', { body: NEW_MAILBOX }, async ({ context, body, open }) => {
    const made = await requestCreate(await open(), body as CreateMailboxRequest);
    return context.json(toMailboxAnswer(made), 201);
  });

  routes.route('PATCH', 'mailboxes', { body: MAILBOX_CHANGE }, async ({ context, body, open }) => {
    const change = body as ChangeMailboxRequest;
    return context.json(toMailboxAnswer(await requestChangeUids(await open(), change)));
  });

  routes.route('POST', 'mailboxes/rename', { body: RENAME }, async ({ context, body, open }) =>
    context.json(toMailboxAnswer(await requestRename(await open(), body))),
  );
  addLooking(routes);
  addSubscriptions(routes);
}

function addLooking(routes: AccountRoutes): void {
  const takes = { query: PLACE };
  routes.route('GET', 'mailboxes/status', takes, async ({ context, query, open }) =>
    context.json(await requestStatus(await open(), placeIn(query))),
  );
  routes.route('GET', 'mailboxes/rights', takes, async ({ context, query, open }) =>
    context.json(await requestRights(await open(), placeIn(query))),
  );
  routes.route('GET', 'mailboxes/acl', takes, async ({ context, query, open }) =>
    context.json(await requestAcl(await open(), placeIn(query))),
  );
  routes.route('PUT', 'mailboxes/acl', { body: ACL_CHANGE }, async ({ context, body, open }) =>
    context.json(await requestSetAcl(await open(), body)),
  );
}

function addSubscriptions(routes: AccountRoutes): void {
  routes.route('GET', 'subscriptions', { query: PAGE }, async ({ context, query, open }) => {
    const { paths, next } = await requestSubscriptions(await open(), pageAsked(query));
    return context.json({ items: paths.map((path) => ({ path })), ...(next && { next }) });
  });
  routes.route('POST', 'subscriptions', { body: SUBSCRIPTION }, async ({ context, body, open }) =>
    context.json({ path: await requestSubscribe(await open(), body.path) }, 201),
  );
  const naming = { query: { path: TEXT } };
  routes.route('DELETE', 'subscriptions', naming, async ({ context, query, open }) => {
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
