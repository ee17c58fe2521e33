/** Requests by which messages come in, are listed and fetched. */
import { z } from 'zod';
import { UID_STEP_MAX } from '../limits.ts';
import {
  type BodyOf,
  integerMember,
  MESSAGE_PAGE,
  mailboxPath,
  nameList,
  overQuota,
  PLACE,
  request,
} from './form.ts';

export const START_UPLOAD = request({
  method: 'POST',
  path: 'uploads',
  does: 'Gives a URL to which a large message is sent by PUT, and the id to deliver it by',
  body: z.strictObject({
    size: integerMember('bytes that will be sent, exactly'),
    mailbox: mailboxPath(
      'where it is to be delivered: other users than the owner need the right to insert there',
    ).exactOptional(),
  }),
});
export type StartUploadRequest = BodyOf<typeof START_UPLOAD>;

const newMessage = z.strictObject({
  raw: z
    .base64('allowed is a message in base64')
    .describe('the message as it came over the wire, in base64')
    .exactOptional(),
  uploadId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'allowed is the id of an upload')
    .describe('the message is what was sent to the URL of this upload')
    .exactOptional(),
  uid: integerMember(
    `kept from another store: rising, from UIDNEXT on, and at most ${UID_STEP_MAX} beyond it; every message of a request has one, or none`,
  ).exactOptional(),
  internalDate: z.iso
    .datetime({ offset: true, error: 'allowed is ISO 8601' })
    .describe('when it was received; the time of delivery when missing')
    .exactOptional(),
  flags: nameList('system flags such as `\\Seen`').exactOptional(),
  keywords: nameList('keywords, free words').exactOptional(),
});
export type DeliverMessage = Readonly<z.infer<typeof newMessage>>;

export const DELIVER_MESSAGES = request({
  method: 'POST',
  path: 'messages',
  does: 'Delivers messages to a mailbox, all or none',
  headers: ['idempotency-key'],
  body: z.strictObject({
    mailbox: mailboxPath('where they go; `INBOX` when missing').exactOptional(),
    uidValidity: integerMember(
      'the mailbox must have this UIDVALIDITY: for UIDs that mean something only under it',
    ).exactOptional(),
    messages: z
      .array(newMessage, 'allowed is a list of messages')
      .readonly()
      .describe('each with exactly one of `raw` and `uploadId`'),
    overQuota: overQuota.exactOptional(),
  }),
});
export type DeliverRequest = BodyOf<typeof DELIVER_MESSAGES>;

export const LIST_MESSAGES = request({
  method: 'GET',
  path: 'messages',
  does: 'Lists the messages of a mailbox; in an expunge storage with origin, time and end',
  query: { ...PLACE, ...MESSAGE_PAGE },
});

export const FETCH_MESSAGE = request({
  method: 'GET',
  path: 'messages/:uid',
  does: 'Gives the bytes of a message, or, where it is large, a URL that has them (307)',
  query: PLACE,
});
