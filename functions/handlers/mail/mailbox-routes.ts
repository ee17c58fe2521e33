/** Mailboxes, rights on them, and subscriptions: one route each, the core does the rest. */
import type { Hono } from 'hono';
import { z } from 'zod';
import type { CreateMailboxRequest, MailboxAnswer } from '../../contract/api.ts';
import { SPECIAL_USES } from '../../contract/mailbox-names.ts';
import { isThere } from '../../core/mailboxes/every-mailbox.ts';
import { changeUids } from '../../core/mailboxes/mailbox-uids.ts';
import { listMailboxes, type Mailbox } from '../../core/mailboxes/mailboxes.ts';
import { storedIn } from '../../core/quota/quota.ts';
import { requestCreate } from '../../core/requests/create-request.ts';
import { isListed, requestList } from '../../core/requests/list-request.ts';
import {
  type MailRequest,
  openMailbox,
  requireNoStorage,
} from '../../core/requests/mail-access.ts';
import {
  requestAcl,
  requestRights,
  requestSetAcl,
  requestStatus,
  requestSubscribe,
  requestSubscriptions,
  requestUnsubscribe,
} from '../../core/requests/mailbox-requests.ts';
import { requestRename } from '../../core/requests/rename-request.ts';
import { type DoorEnv, queryPage, readBody } from '../../runtime/door.ts';
import { type OpenRequest, placeIn } from './open-request.ts';

const WHOLE = z.int('allowed is a whole number');
const PATH = z.string('allowed is the name of a mailbox');

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

/** @param base path of an account, for owners or for administrators */
export function addMailboxRoutes(door: Hono<DoorEnv>, base: string, open: OpenRequest): void {
  door.get(`${base}/mailboxes`, async (context) => {
    const patterns = context.req.queries('pattern');
    const page = queryPage(context);
    const request = await open(context);
    if (patterns !== undefined) return context.json(await requestList(request, patterns, page));
    return context.json(await listAll(request, page));
  });

  door.post(`${base}/mailboxes`, async (context) => {
    const body = (await readBody(context, NEW_MAILBOX)) as CreateMailboxRequest;
    return context.json(toMailboxAnswer(await requestCreate(await open(context), body)), 201);
  });

  door.patch(`${base}/mailboxes`, async (context) => {
    const { path, uidValidity, uidNext } = await readBody(context, MAILBOX_CHANGE);
    const request = await open(context);
    const { ports, access, deadline } = request;
    const mailbox = await openMailbox(request, 'path', path, 'i');
    requireNoStorage(request, mailbox);
    const change = {
      ...(uidValidity === undefined ? {} : { uidValidity }),
      ...(uidNext === undefined ? {} : { uidNext }),
    };
    const { mailboxId } = mailbox;
    const changed = await changeUids(ports, access.account, mailboxId, change, deadline);
    return context.json(toMailboxAnswer(changed));
  });

  door.post(`${base}/mailboxes/rename`, async (context) => {
    const body = await readBody(context, RENAME);
    return context.json(toMailboxAnswer(await requestRename(await open(context), body)));
  });

  door.get(`${base}/mailboxes/status`, async (context) =>
    context.json(await requestStatus(await open(context), placeIn(context))),
  );
  door.get(`${base}/mailboxes/rights`, async (context) =>
    context.json(await requestRights(await open(context), placeIn(context))),
  );
  door.get(`${base}/mailboxes/acl`, async (context) =>
    context.json(await requestAcl(await open(context), placeIn(context))),
  );
  door.put(`${base}/mailboxes/acl`, async (context) => {
    const body = await readBody(context, ACL_CHANGE);
    return context.json(await requestSetAcl(await open(context), body));
  });

  door.get(`${base}/subscriptions`, async (context) => {
    const page = queryPage(context);
    const { paths, next } = await requestSubscriptions(await open(context), page);
    return context.json({ items: paths.map((path) => ({ path })), ...(next && { next }) });
  });
  door.post(`${base}/subscriptions`, async (context) => {
    const { path } = await readBody(context, SUBSCRIPTION);
    return context.json({ path: await requestSubscribe(await open(context), path) }, 201);
  });
  door.delete(`${base}/subscriptions`, async (context) => {
    await requestUnsubscribe(await open(context), context.req.query('path') ?? '');
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
