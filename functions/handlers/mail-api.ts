/** The door for mail backends and the importer: mailboxes and messages. Deletes nothing. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DeliverAnswer, MailboxAnswer, MessageAnswer, UploadAnswer } from '../contract/api.ts';
import { requireActiveAccount } from '../core/accounts/accounts.ts';
import { parseAddress } from '../core/accounts/address.ts';
import { InvalidInputError, quoted } from '../core/errors.ts';
import { parseMailboxPath } from '../core/mailboxes/mailbox-path.ts';
import { changeUids, checkUidValidity } from '../core/mailboxes/mailbox-uids.ts';
import {
  createMailbox,
  listMailboxes,
  type Mailbox,
  requireMailbox,
} from '../core/mailboxes/mailboxes.ts';
import { listSubscriptions, subscribe } from '../core/mailboxes/subscriptions.ts';
import { deliverMessages } from '../core/messages/deliver-messages.ts';
import type { Message } from '../core/messages/message.ts';
import type { NewMessage } from '../core/messages/new-messages.ts';
import { fetchMessage, listMessages } from '../core/messages/read-messages.ts';
import { startUpload } from '../core/messages/uploads.ts';
import type { Ports } from '../core/ports/ports.ts';
import {
  type DoorContext,
  deadlineOf,
  doorHandler,
  makeDoor,
  queryNumber,
  readBody,
} from '../runtime/door.ts';
import { once, wireClock, wireIds, wireObjects, wireRows } from '../runtime/wiring.ts';

export type MailDependencies = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;

const PAGE = { fallback: 100, min: 1, max: 500 } as const;
const UID_MAX = 2 ** 32 - 1;
const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

const SPECIAL_USE = /^\\(All|Archive|Drafts|Flagged|Junk|Sent|Trash|Important)$/;

const WHOLE = z.int('allowed is a whole number');
const PATH = z.string('allowed is the name of a mailbox');

const NEW_MAILBOX = z.strictObject({
  path: PATH,
  specialUse: z
    .string()
    .regex(SPECIAL_USE, 'allowed is a special use of RFC 6154, for instance \\Trash')
    .optional(),
  uidValidity: WHOLE.optional(),
});

const MAILBOX_CHANGE = z.strictObject({
  path: PATH,
  uidValidity: WHOLE.optional(),
  uidNext: WHOLE.optional(),
});

const SUBSCRIPTION = z.strictObject({ path: PATH });
const UPLOAD = z.strictObject({ size: WHOLE });

const DELIVERY = z.strictObject({
  mailbox: PATH.optional(),
  uidValidity: WHOLE.optional(),
  messages: z.array(
    z.strictObject({
      raw: z.base64('allowed is a message in base64').optional(),
      uploadId: z
        .string()
        .regex(/^[0-9a-f]{32}$/, 'allowed is the id of an upload')
        .optional(),
      uid: WHOLE.optional(),
      internalDate: z.iso.datetime({ offset: true, error: 'allowed is ISO 8601' }).optional(),
      flags: z.array(z.string()).optional(),
      keywords: z.array(z.string()).optional(),
    }),
    'allowed is a list of messages',
  ),
});

export function makeMailApi(dependencies: () => MailDependencies) {
  const door = makeDoor();
  const accountOf = (context: DoorContext) =>
    requireActiveAccount(dependencies().rows, parseAddress('user', context.req.param('user')));
  const mailboxOf = async (context: DoorContext) => {
    const account = await accountOf(context);
    const path = parseMailboxPath('mailbox', context.req.query('mailbox') ?? 'INBOX');
    return { account, mailbox: await requireMailbox(dependencies().rows, account.accountId, path) };
  };

  const pageOf = (context: DoorContext) => {
    const after = context.req.query('cursor');
    const limit = queryNumber(context, 'limit', PAGE);
    return after === undefined ? { limit } : { limit, after };
  };

  door.get('/v1/accounts/:user/mailboxes', async (context) => {
    const { accountId } = await accountOf(context);
    const { mailboxes, next } = await listMailboxes(
      dependencies().rows,
      accountId,
      pageOf(context),
    );
    return context.json({ items: mailboxes.map(toMailboxAnswer), ...(next && { next }) });
  });

  door.post('/v1/accounts/:user/mailboxes', async (context) => {
    const body = await readBody(context, NEW_MAILBOX);
    const path = parseMailboxPath('path', body.path);
    const account = await accountOf(context);
    const { specialUse, uidValidity } = body;
    const mailbox = await createMailbox(dependencies(), account, path, {
      ...(specialUse === undefined ? {} : { specialUse }),
      ...(uidValidity === undefined
        ? {}
        : { uidValidity: checkUidValidity('uidValidity', uidValidity) }),
    });
    return context.json(toMailboxAnswer(mailbox), 201);
  });

  door.patch('/v1/accounts/:user/mailboxes', async (context) => {
    const { path, uidValidity, uidNext } = await readBody(context, MAILBOX_CHANGE);
    const account = await accountOf(context);
    const parsed = parseMailboxPath('path', path);
    const { mailboxId } = await requireMailbox(dependencies().rows, account.accountId, parsed);
    const change = {
      ...(uidValidity === undefined ? {} : { uidValidity }),
      ...(uidNext === undefined ? {} : { uidNext }),
    };
    const deadline = deadlineOf(context);
    const mailbox = await changeUids(dependencies(), account, mailboxId, change, deadline);
    return context.json(toMailboxAnswer(mailbox));
  });

  door.get('/v1/accounts/:user/subscriptions', async (context) => {
    const { accountId } = await accountOf(context);
    const { rows } = dependencies();
    const { paths, next } = await listSubscriptions(rows, accountId, pageOf(context));
    return context.json({ items: paths.map((path) => ({ path })), ...(next && { next }) });
  });

  door.post('/v1/accounts/:user/subscriptions', async (context) => {
    const body = await readBody(context, SUBSCRIPTION);
    const path = parseMailboxPath('path', body.path);
    await subscribe(dependencies(), await accountOf(context), path, deadlineOf(context));
    return context.json({ path }, 201);
  });

  door.post('/v1/accounts/:user/uploads', async (context) =>
    context.json(await upload(context, dependencies()), 201),
  );

  door.post('/v1/accounts/:user/messages', async (context) =>
    context.json(await deliver(context, dependencies()), 201),
  );

  door.get('/v1/accounts/:user/messages', async (context) => {
    const { mailbox } = await mailboxOf(context);
    return context.json(await list(context, dependencies(), mailbox));
  });

  door.get('/v1/accounts/:user/messages/:uid', async (context) => {
    const uid = parseUid(context.req.param('uid'));
    const { account, mailbox } = await mailboxOf(context);
    const { body } = await fetchMessage(dependencies(), account, mailbox, uid);
    return context.body(new Uint8Array(body), 200, { 'content-type': 'message/rfc822' });
  });
  return door;
}

async function list(context: DoorContext, ports: MailDependencies, mailbox: Mailbox) {
  const page = {
    afterUid: queryNumber(context, 'cursor', { fallback: 0, min: 0, max: UID_MAX }),
    limit: queryNumber(context, 'limit', PAGE),
  };
  const { messages, nextAfterUid } = await listMessages(ports, mailbox, page);
  const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
  return { items: messages.map(toMessageAnswer), ...next };
}

async function deliver(context: DoorContext, ports: MailDependencies): Promise<DeliverAnswer> {
  const text = await context.req.text();
  const { mailbox, uidValidity, messages } = await readBody(context, DELIVERY);
  const user = parseAddress('user', context.req.param('user'));
  const key = idempotencyKey(context);
  const requestHash = createHash('sha256').update(text).digest('hex');
  const delivery = {
    user,
    messages: messages.map(toNewMessage),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(uidValidity === undefined ? {} : { uidValidity }),
    ...(key === undefined ? {} : { idempotency: { key, requestHash } }),
  };
  return await deliverMessages(ports, delivery, deadlineOf(context));
}

/** @throws InvalidInputError for an empty one, which would make all such requests the same */
function idempotencyKey(context: DoorContext): string | undefined {
  const key = context.req.header('idempotency-key');
  if (key === undefined || (key !== '' && key.length <= IDEMPOTENCY_KEY_LENGTH_MAX)) return key;
  throw InvalidInputError.of(
    'Idempotency-Key',
    `got ${key.length} characters, allowed are 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX}`,
  );
}

function toNewMessage(
  given: z.infer<typeof DELIVERY>['messages'][number],
  index: number,
): NewMessage {
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

async function upload(context: DoorContext, ports: MailDependencies): Promise<UploadAnswer> {
  const { size } = await readBody(context, UPLOAD);
  const user = parseAddress('user', context.req.param('user'));
  const account = await requireActiveAccount(ports.rows, user);
  const { uploadId, url, headers, expiresAt } = await startUpload(
    ports,
    account,
    size,
    deadlineOf(context),
  );
  return { uploadId, url, headers, expiresAt: new Date(expiresAt).toISOString() };
}

function parseUid(text: string): number {
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (uid >= 1 && uid <= UID_MAX) return uid;
  throw InvalidInputError.of('uid', `got ${quoted(text)}, allowed are 1 to ${UID_MAX}`);
}

function toMailboxAnswer(mailbox: Mailbox): MailboxAnswer {
  const { state: _, ...answer } = mailbox;
  return answer;
}

function toMessageAnswer(message: Message): MessageAnswer {
  const { from, to, subject, messageId } = message.envelope;
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
    subject,
    messageId,
  };
}

const wired = once(
  (): MailDependencies => ({
    rows: wireRows(),
    objects: wireObjects(),
    clock: wireClock(),
    ids: wireIds(),
  }),
);

export const handler = doorHandler(makeMailApi(wired));
