/** Messages that come in, are listed and fetched. */
import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import { z } from 'zod';
import type { DeliverAnswer, MessageAnswer, UploadAnswer } from '../../contract/api.ts';
import { InvalidInputError, quoted } from '../../core/errors.ts';
import { deliverMessages } from '../../core/messages/deliver-messages.ts';
import type { Message } from '../../core/messages/message.ts';
import type { NewMessage } from '../../core/messages/new-messages.ts';
import { fetchMessage, listMessages } from '../../core/messages/read-messages.ts';
import { startUpload } from '../../core/messages/uploads.ts';
import { openPlace } from '../../core/requests/deleted-request.ts';
import {
  type DoorContext,
  type DoorEnv,
  deadlineOf,
  PAGE,
  queryNumber,
  readBody,
} from '../../runtime/door.ts';
import {
  actorOf,
  type DoorKind,
  type MailDependencies,
  type OpenRequest,
  placeIn,
  userOf,
} from './open-request.ts';

const UID_MAX = 2 ** 32 - 1;
const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

const WHOLE = z.int('allowed is a whole number');
const PATH = z.string('allowed is the name of a mailbox');

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

/** @param base path of an account, for owners or for administrators */
export function addDeliveryRoutes(
  door: Hono<DoorEnv>,
  base: string,
  kind: DoorKind,
  dependencies: () => MailDependencies,
  open: OpenRequest,
): void {
  door.post(`${base}/uploads`, async (context) => context.json(await upload(context, open), 201));

  door.post(`${base}/messages`, async (context) =>
    context.json(await deliver(context, kind, dependencies()), 201),
  );

  door.get(`${base}/messages`, async (context) => {
    const page = {
      afterUid: queryNumber(context, 'cursor', { fallback: 0, min: 0, max: UID_MAX }),
      limit: queryNumber(context, 'limit', PAGE),
    };
    const request = await open(context);
    const mailbox = await openPlace(request, placeIn(context), 'r');
    const { messages, nextAfterUid } = await listMessages(request.ports, mailbox, page);
    const next = nextAfterUid === undefined ? {} : { next: String(nextAfterUid) };
    return context.json({ items: messages.map(toMessageAnswer), ...next });
  });

  door.get(`${base}/messages/:uid`, async (context) => {
    const uid = parseUid(context.req.param('uid'));
    const request = await open(context);
    const mailbox = await openPlace(request, placeIn(context), 'r');
    const { body } = await fetchMessage(request.ports, request.access.account, mailbox, uid);
    return context.body(new Uint8Array(body), 200, { 'content-type': 'message/rfc822' });
  });
}

async function deliver(
  context: DoorContext,
  kind: DoorKind,
  { ports, deployment }: MailDependencies,
): Promise<DeliverAnswer> {
  const text = await context.req.text();
  const { mailbox, uidValidity, messages } = await readBody(context, DELIVERY);
  const user = userOf(context);
  const key = idempotencyKey(context);
  const actor = await actorOf(context, kind, ports.rows);
  // The same words of somebody else are another request.
  const who = actor.kind === 'user' ? actor.user : '';
  const requestHash = createHash('sha256').update(who).update(text).digest('hex');
  const delivery = {
    user,
    actor,
    deployment,
    messages: messages.map(toNewMessage),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(uidValidity === undefined ? {} : { uidValidity }),
    ...(key === undefined ? {} : { idempotency: { key, requestHash } }),
  };
  return await deliverMessages(ports, delivery, deadlineOf(context, ports.clock));
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

async function upload(context: DoorContext, open: OpenRequest): Promise<UploadAnswer> {
  const { size } = await readBody(context, UPLOAD);
  const { ports, access, deadline } = await open(context);
  const upload = await startUpload(ports, access.account, size, deadline);
  const { uploadId, url, headers, expiresAt } = upload;
  return { uploadId, url, headers, expiresAt: new Date(expiresAt).toISOString() };
}

function parseUid(text: string): number {
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (uid >= 1 && uid <= UID_MAX) return uid;
  throw InvalidInputError.of('uid', `got ${quoted(text)}, allowed are 1 to ${UID_MAX}`);
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
