/**
 * Requests about mail that was expunged in place (`lazyExpunge: in-place`): it is in no list of its
 * mailbox, and administrators bring it back.
 */
import { z } from 'zod';
import { DAY_SECONDS, DAYS_MAX } from '../times.ts';
import {
  type BodyOf,
  cursor,
  DRY_RUN,
  type DryRunnable,
  MESSAGE_PAGE,
  mailboxPath,
  overQuota,
  PLACE,
  request,
  uids,
  yes,
} from './form.ts';

export const LIST_EXPUNGED = request({
  method: 'GET',
  path: 'messages/expunged',
  does: 'Lists what was expunged in place in a mailbox, and when it ends',
  for: 'administrators',
  query: { ...PLACE, ...MESSAGE_PAGE },
});

export const UNEXPUNGE_MESSAGES = request({
  method: 'POST',
  path: 'messages/unexpunge',
  does: 'Brings back what was expunged in place; which messages is said by one of `uids`, `all` and the time',
  for: 'administrators',
  query: DRY_RUN,
  body: z.strictObject({
    mailbox: mailboxPath('where the messages were'),
    uids: uids('UIDs that they had').exactOptional(),
    all: z.literal(true, 'allowed is true').describe('all of the mailbox').exactOptional(),
    expungedWithinSeconds: z
      .int('allowed is a whole number of seconds')
      .min(0)
      .max(DAYS_MAX * DAY_SECONDS)
      .describe('those expunged at most so long ago')
      .exactOptional(),
    cursor: cursor.exactOptional(),
    clearDeleted: yes(
      'takes `\\Deleted` away, or the next EXPUNGE would take them again; true when missing',
    ).exactOptional(),
    addKeyword: z
      .string('allowed is a keyword')
      .describe('a keyword that they get')
      .exactOptional(),
    overQuota: overQuota.exactOptional(),
  }),
});
export type UnexpungeRequest = BodyOf<typeof UNEXPUNGE_MESSAGES> & DryRunnable;

export const PURGE_EXPUNGED = request({
  method: 'POST',
  path: 'messages/purge-expunged',
  does: 'Ends what was expunged in place for good, before its time',
  for: 'administrators',
  query: DRY_RUN,
  body: z.strictObject({
    olderThanDays: z
      .int('allowed is a whole number of days')
      .min(0)
      .max(DAYS_MAX)
      .describe('what was expunged at least so long ago; 0 is all'),
    mailbox: mailboxPath('in this mailbox; in all of the account when missing').exactOptional(),
    cursor: cursor.exactOptional(),
  }),
});
export type PurgeExpungedRequest = BodyOf<typeof PURGE_EXPUNGED> & DryRunnable;
