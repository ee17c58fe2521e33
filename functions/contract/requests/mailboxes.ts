/** Requests about mailboxes, rights on them, and subscriptions. */
import { z } from 'zod';
import { UID_STEP_MAX } from '../limits.ts';
import { SPECIAL_USES } from '../mailbox-names.ts';
import {
  type BodyOf,
  integerMember,
  mailboxPath,
  PAGE,
  PLACE,
  request,
  textParameter,
  textsParameter,
  yes,
} from './form.ts';

export const LIST_MAILBOXES = request({
  method: 'GET',
  path: 'mailboxes',
  does: 'Lists mailboxes: with what each holds, or, by patterns, as LIST of IMAP does',
  query: {
    ...PAGE,
    pattern: textsParameter('`*` any text, `%` any text without `/`; may be repeated'),
  },
});

export const CREATE_MAILBOX = request({
  method: 'POST',
  path: 'mailboxes',
  does: 'Makes a mailbox',
  body: z.strictObject({
    path: mailboxPath('its name'),
    parents: yes(
      'makes those above it that are missing; else they are names that only have children',
    ).exactOptional(),
    specialUse: z
      .enum(SPECIAL_USES, 'allowed is a special use, for instance \\Trash')
      .describe('RFC 6154')
      .exactOptional(),
    uidValidity: integerMember(
      'kept from another store; the time of creation when missing',
    ).exactOptional(),
  }),
});
export type CreateMailboxRequest = BodyOf<typeof CREATE_MAILBOX>;

export const CHANGE_MAILBOX = request({
  method: 'PATCH',
  path: 'mailboxes',
  does: 'Brings UIDVALIDITY and UIDNEXT along from another store',
  body: z.strictObject({
    path: mailboxPath('its name'),
    uidValidity: integerMember(
      'taken only while the mailbox has never given a UID',
    ).exactOptional(),
    uidNext: integerMember(
      `raises UIDNEXT, by ${UID_STEP_MAX} at most; a lower one than the mailbox has changes nothing`,
    ).exactOptional(),
  }),
});
export type ChangeMailboxRequest = BodyOf<typeof CHANGE_MAILBOX>;

export const RENAME_MAILBOX = request({
  method: 'POST',
  path: 'mailboxes/rename',
  does: 'Renames a mailbox; its children move along',
  body: z.strictObject({ from: mailboxPath('its name'), to: mailboxPath('its new name') }),
});
export type RenameMailboxRequest = BodyOf<typeof RENAME_MAILBOX>;

export const SHOW_STATUS = request({
  method: 'GET',
  path: 'mailboxes/status',
  does: 'Says what a mailbox holds, as STATUS of IMAP does',
  query: PLACE,
});

export const SHOW_RIGHTS = request({
  method: 'GET',
  path: 'mailboxes/rights',
  does: 'Says what whoever asks may do in a mailbox, as MYRIGHTS of IMAP does',
  query: PLACE,
});

export const SHOW_ACL = request({
  method: 'GET',
  path: 'mailboxes/acl',
  does: 'Lists who may do what in a mailbox',
  query: PLACE,
});

export const SET_ACL = request({
  method: 'PUT',
  path: 'mailboxes/acl',
  does: 'Gives somebody rights on a mailbox, or takes them away',
  body: z.strictObject({
    mailbox: mailboxPath('its name'),
    identifier: z
      .string('allowed is an address or anyone')
      .describe(
        'an address, aliases too, or `anyone`: rights are those of the account that has it now',
      ),
    rights: z
      .string('allowed are letters of RFC 4314')
      .describe(
        'letters of RFC 4314; `+` or `-` before them adds or takes away; none removes the entry',
      ),
  }),
});
export type SetAclRequest = BodyOf<typeof SET_ACL>;

export const LIST_SUBSCRIPTIONS = request({
  method: 'GET',
  path: 'subscriptions',
  does: 'Lists what the owner is subscribed to',
  query: PAGE,
});

export const SUBSCRIBE = request({
  method: 'POST',
  path: 'subscriptions',
  does: 'Subscribes the owner to a mailbox',
  body: z.strictObject({ path: mailboxPath('its name') }),
});
export type SubscribeRequest = BodyOf<typeof SUBSCRIBE>;

export const UNSUBSCRIBE = request({
  method: 'DELETE',
  path: 'subscriptions',
  does: 'Ends a subscription of the owner',
  query: { path: textParameter('name of the mailbox') },
});
