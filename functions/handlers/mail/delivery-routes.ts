/** Messages that come in, are listed and fetched. */

import { createHash } from 'node:crypto';
import type { DeliverAnswer, MessageAnswer, UploadAnswer } from '../../contract/api.ts';
import { UID_MAX } from '../../contract/limits.ts';
import {
  DELIVER_MESSAGES,
  type DeliverMessage,
  FETCH_MESSAGE,
  LIST_MESSAGES,
  START_UPLOAD,
  type StartUploadRequest,
} from '../../contract/requests/deliveries.ts';
import type { QueryForms } from '../../contract/requests/form.ts';
import { InvalidInputError, quoted } from '../../core/errors.ts';
import { requireTarget } from '../../core/mailboxes/rights.ts';
import { deliverMessages } from '../../core/messages/deliver-messages.ts';
import type { NewMessage } from '../../core/messages/new-messages.ts';
import {
  type ListedMessage,
  listMessages,
  openMessage,
} from '../../core/messages/read-messages.ts';
import { startUpload } from '../../core/messages/uploads.ts';
import { INBOX, parseMailboxPath } from '../../core/names/mailbox-path.ts';
import { openPlace } from '../../core/requests/deleted-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { deadlineOf } from '../../runtime/door.ts';
import {
  type AccountRoutes,
  type AskedOfAccount,
  type MailDependencies,
  placeIn,
} from './open-request.ts';

export function addDeliveryRoutes(routes: AccountRoutes): void {
  routes.route(START_UPLOAD, async ({ context, body, open }) =>
    context.json(await upload(await open(), body), 201),
  );

  routes.route(DELIVER_MESSAGES, async (asked) =>
    asked.context.json(await deliver(routes.dependencies(), asked), 201),
  );

  routes.route(LIST_MESSAGES, async ({ context, query, open }) => {
    const page = { afterUid: query.cursor, limit: query.limit };
    const request = await open();
    const mailbox = await openPlace(request, placeIn(query), 'r');
    const { messages, nextAfterUid } = await listMessages(request.ports, mailbox, page);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ items: messages.map(toMessageAnswer), ...next });
  });

  routes.route(FETCH_MESSAGE, async ({ context, query, open }) => {
    const uid = parseUid(context.req.param('uid') ?? '');
    const request = await open();
    const mailbox = await openPlace(request, placeIn(query), 'r');
    const found = await openMessage(request.ports, request.access.account, mailbox, uid);
    const headers = { 'content-type': 'message/rfc822' };
    if ('body' in found) return context.body(new Uint8Array(found.body), 200, headers);
    return context.body(null, 307, { location: found.url, 'cache-control': 'no-store' });
  });
}

async function deliver(
  { ports, deployment }: MailDependencies,
  asked: AskedOfAccount<QueryForms, NonNullable<typeof DELIVER_MESSAGES.body>>,
): Promise<DeliverAnswer> {
  const { context, user, headers, body } = asked;
  const { mailbox, uidValidity, overQuota, messages } = body;
  const newMessages = messages.map(toNewMessage);
  const key = headers['idempotency-key'];
  const actor = await asked.actor();
  // The same words of somebody else are another request.
  const who = actor.kind === 'user' ? actor.accountId : '';
  const text = await context.req.text();
  const requestHash = createHash('sha256').update(who).update(text).digest('hex');
  const delivery = {
    user,
    actor,
    deployment,
    messages: newMessages,
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(uidValidity === undefined ? {} : { uidValidity }),
    ...(overQuota === undefined ? {} : { overQuota }),
    ...(key === undefined ? {} : { idempotency: { key, requestHash } }),
  };
  return await deliverMessages(ports, delivery, deadlineOf(context, ports.clock));
}

function toNewMessage(given: DeliverMessage, index: number): NewMessage {
  const { raw, uploadId, uid, internalDate, flags, keywords } = given;
  if ((raw === undefined) === (uploadId === undefined)) {
    throw InvalidInputError.of(`messages[${index}]`, 'allowed is one of raw and uploadId');
  }
  return {
    ...(uploadId === undefined ? { raw: Buffer.from(raw ?? '', 'base64') } : { uploadId }),
    ...(uid === undefined ? {} : { uid }),
    ...(internalDate === undefined ? {} : { internalDate: Date.parse(internalDate) }),
    ...(flags === undefined ? {} : { flags }),
    ...(keywords === undefined ? {} : { keywords }),
  };
}

async function upload(
  { ports, access, deadline }: MailRequest,
  { size, mailbox }: StartUploadRequest,
): Promise<UploadAnswer> {
  if (access.actor.kind === 'user') {
    await requireTarget(ports.rows, access, parseMailboxPath('mailbox', mailbox ?? INBOX));
  }
  const upload = await startUpload(ports, access.account, size, deadline);
  const { uploadId, url, headers, expiresAt } = upload;
  return { uploadId, url, headers, expiresAt: new Date(expiresAt).toISOString() };
}

function parseUid(text: string): number {
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (uid >= 1 && uid <= UID_MAX) return uid;
  throw InvalidInputError.of('uid', `got ${quoted(text)}, allowed are 1 to ${UID_MAX}`);
}

function toMessageAnswer(message: ListedMessage): MessageAnswer {
  const { from, to, cc, subject, messageId } = message.envelope;
  const { origin, expungedAt, expiresAt } = message.expunged ?? {};
  return {
    uid: message.uid,
    guid: message.guid,
    size: message.sizeBytes,
    digest: message.digest,
    internalDate: new Date(message.internalDate).toISOString(),
    saveDate: new Date(message.saveDate).toISOString(),
    flags: [...message.flags],
    keywords: [...message.keywords],
    from,
    to,
    ...(cc === undefined ? {} : { cc }),
    subject,
    messageId,
    ...(origin === undefined ? {} : { origin }),
    ...(expungedAt === undefined ? {} : { expungedAt: new Date(expungedAt).toISOString() }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  };
}
