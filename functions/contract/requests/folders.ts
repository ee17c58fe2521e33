/** Requests about folders that go and come back. */
import { z } from 'zod';
import {
  address,
  type BodyOf,
  DRY_RUN,
  type DryRunnable,
  mailboxPath,
  moment,
  overQuota,
  PAGE,
  request,
  textParameter,
  yes,
} from './form.ts';

export const DELETE_MAILBOX = request({
  method: 'POST',
  path: 'mailboxes/delete',
  does: 'Deletes a mailbox, as `deleteMode` of the settings says; says what of its mail comes back until when',
  query: DRY_RUN,
  body: z.strictObject({
    mailbox: mailboxPath('its name; not with `all`').exactOptional(),
    recursive: yes(
      'with everything below it; without, a mailbox that has children is refused, and in immediate mode it goes alone, and its name stays for its children',
    ).exactOptional(),
    requireEmpty: yes('refused when there is any message in what would go').exactOptional(),
    unsubscribe: yes('ends the subscriptions to what goes, too').exactOptional(),
    bypassExpungeStorage: yes(
      'for good at once, whatever the mode; administrators only',
    ).exactOptional(),
    all: yes(
      'sets aside every mailbox of the account, the INBOX too, each as a deletion of its own; administrators only',
    ).exactOptional(),
  }),
});
export type DeleteMailboxRequest = BodyOf<typeof DELETE_MAILBOX> & DryRunnable;

export const UNDELETE_MAILBOX = request({
  method: 'POST',
  path: 'mailboxes/undelete',
  does: 'Brings a deleted folder back, with all that was in it',
  for: 'administrators',
  query: DRY_RUN,
  body: z.strictObject({
    deletionId: z
      .string('allowed is the id of a deletion')
      .describe('which deletion')
      .exactOptional(),
    mailbox: mailboxPath(
      'in place of an id: what was deleted last under this name, alone or with what is above it',
    ).exactOptional(),
    at: moment('with `mailbox`: the last deletion that is not after this time').exactOptional(),
    path: mailboxPath(
      'with `deletionId`: a part of the tree; the whole of it when missing',
    ).exactOptional(),
    to: mailboxPath(
      'the path to come back to; when missing the old one, or one beside what has taken it',
    ).exactOptional(),
    toUser: address(
      'another account to come back in: without the ACL, which was that of the former owner',
    ).exactOptional(),
    overQuota: overQuota.exactOptional(),
  }),
});
export type UndeleteMailboxRequest = BodyOf<typeof UNDELETE_MAILBOX> & DryRunnable;

export const LIST_DELETED = request({
  method: 'GET',
  path: 'mailboxes/deleted',
  does: 'Lists deleted folders, oldest first, or the mailboxes of one deletion',
  for: 'administrators',
  query: { ...PAGE, deletion: textParameter('id of a deletion whose mailboxes are listed') },
});
