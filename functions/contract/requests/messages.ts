/** Requests that change messages, or look for some. */
import { z } from 'zod';
import type { MessageQuery, RestoreQuery } from '../query-api.ts';
import {
  type BodyOf,
  cursor,
  DRY_RUN,
  type DryRunnable,
  mailboxPath,
  nameList,
  overQuota,
  request,
  uids,
  yes,
} from './form.ts';

const messageQuery = z
  .custom<MessageQuery>(() => true)
  .describe('which messages: all members must hold, see [queries](#queries)');
const restoreQuery = z
  .custom<RestoreQuery>(() => true)
  .describe('which expunged messages: all members must hold, see [queries](#queries)');

const flagsAndKeywords = z.strictObject({
  flags: nameList('system flags such as `\\Seen`').exactOptional(),
  keywords: nameList('keywords, free words').exactOptional(),
});
export type FlagChange = Readonly<z.infer<typeof flagsAndKeywords>>;
const flagChange = (means: string) => flagsAndKeywords.describe(means).exactOptional();

export const CHANGE_FLAGS = request({
  method: 'POST',
  path: 'messages/flags',
  does: 'Adds flags and keywords to messages, and takes some away',
  body: z.strictObject({
    mailbox: mailboxPath('where the messages are'),
    uids: uids('which messages'),
    add: flagChange('what they get'),
    remove: flagChange('what they lose'),
  }),
});
export type ChangeFlagsRequest = BodyOf<typeof CHANGE_FLAGS>;

const between = {
  uids: uids('which messages'),
  to: mailboxPath('the target; in a move it may not be in another account'),
};

export const MOVE_MESSAGES = request({
  method: 'POST',
  path: 'messages/move',
  does: 'Moves messages to another mailbox; says what that leaves in an expunge storage, or takes out of one, and until when',
  query: DRY_RUN,
  body: z.strictObject({ from: mailboxPath('where the messages are'), ...between }),
});
export type CopyMessagesRequest = BodyOf<typeof MOVE_MESSAGES>;

export const COPY_MESSAGES = request({
  method: 'POST',
  path: 'messages/copy',
  does: 'Copies messages to a mailbox; administrators also out of a deleted folder',
  body: z.strictObject({
    from: mailboxPath(
      'where the messages are; in a deletion the path as it was deleted, that of the deletion when missing',
    ).exactOptional(),
    fromDeletion: z
      .string('allowed is the id of a deletion')
      .describe('id of the deletion that they are copied out of; nothing else changes there')
      .exactOptional(),
    ...between,
  }),
});
export type CopyDeletedRequest = BodyOf<typeof COPY_MESSAGES>;

const byQuery = <const P extends string>(path: P, does: string) =>
  request({
    method: 'POST',
    path,
    does,
    for: 'administrators',
    body: z.strictObject({
      query: messageQuery,
      to: mailboxPath('the target'),
      createTarget: yes('makes the target where it is missing').exactOptional(),
      cursor: cursor.exactOptional(),
    }),
  });

export const COPY_BY_QUERY = byQuery(
  'messages/copy-by-query',
  'Copies the messages that a query means',
);
export const MOVE_BY_QUERY = byQuery(
  'messages/move-by-query',
  'Moves the messages that a query means',
);
export type CopyByQueryRequest = BodyOf<typeof COPY_BY_QUERY>;

export const SEARCH_MESSAGES = request({
  method: 'POST',
  path: 'messages/search',
  does: 'Lists the messages that a query means',
  body: z.strictObject({ query: messageQuery, cursor: cursor.exactOptional() }),
});
export type SearchRequest = BodyOf<typeof SEARCH_MESSAGES>;

export const EXPUNGE_MESSAGES = request({
  method: 'POST',
  path: 'messages/expunge',
  does: 'Expunges messages: by UIDs, else by query, else all with `\\Deleted`; says what of them comes back until when',
  query: DRY_RUN,
  body: z.strictObject({
    mailbox: mailboxPath('where the messages are; not with a query').exactOptional(),
    uids: uids('which messages').exactOptional(),
    deletedOnly: yes(
      'with `uids`: those of them with `\\Deleted` (UID EXPUNGE of RFC 9051)',
    ).exactOptional(),
    query: messageQuery.exactOptional(),
    bypassExpungeStorage: yes('for good at once; administrators only').exactOptional(),
    deleteEmptied: yes(
      'with a query: deletes those of its mailboxes that are empty afterwards',
    ).exactOptional(),
    cursor: cursor.exactOptional(),
  }),
});
export type ExpungeMessagesRequest = BodyOf<typeof EXPUNGE_MESSAGES> & DryRunnable;

export const RESTORE_MESSAGES = request({
  method: 'POST',
  path: 'messages/restore',
  does: 'Brings messages back out of an expunge storage: by UIDs of a storage mailbox, or by query',
  query: DRY_RUN,
  body: z.strictObject({
    mailbox: mailboxPath('the storage mailbox, with `uids`').exactOptional(),
    uids: uids('which messages').exactOptional(),
    query: restoreQuery.exactOptional(),
    to: mailboxPath('where they go; the folder they came from when missing').exactOptional(),
    keep: yes('the storage keeps its copy, whose time runs on').exactOptional(),
    overQuota: overQuota.exactOptional(),
    cursor: cursor.exactOptional(),
  }),
});
export type RestoreMessagesRequest = BodyOf<typeof RESTORE_MESSAGES> & DryRunnable;
