/** `lethe mailbox list | create | rename | subscriptions` */

import type { MailboxAnswer, SubscriptionAnswer } from '../../functions/contract/api.ts';
import type { MailboxListItem } from '../../functions/contract/mail-api.ts';
import type { SpecialUse } from '../../functions/contract/mailbox-names.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Field, printList, printRecord } from '../output/records.ts';
import { count, size } from '../output/text.ts';

const FIELDS: readonly Field<MailboxAnswer>[] = [
  { name: 'path', label: 'mailbox', value: ({ path }) => path },
  { name: 'messages', value: ({ messages }) => messages, shown: ({ messages }) => count(messages) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  { name: 'uidNext', value: ({ uidNext }) => uidNext },
  { name: 'uidValidity', value: ({ uidValidity }) => uidValidity },
  { name: 'specialUse', value: ({ specialUse }) => specialUse },
];

export interface MailboxOptions {
  readonly user: string;
  /** Acts as this user; as an administrator when missing. */
  readonly as?: string;
}

export interface CreateMailboxOptions extends MailboxOptions {
  readonly specialUse?: string;
  readonly parents?: boolean;
}

/** @param pattern names that match it, and no counters; all mailboxes with them when missing */
export async function listMailboxes(
  { io, format, client }: Context,
  pattern: string | undefined,
  { user, as }: MailboxOptions,
): Promise<number> {
  const door = (await client()).door(user, as);
  if (pattern === undefined) await printList(io, format, inOrder(door.mailboxes()), FIELDS);
  else await printList(io, format, door.names(pattern), NAMES);
  return EXIT.ok;
}

export async function createMailbox(
  { io, format, client }: Context,
  path: string,
  { user, as, specialUse, parents }: CreateMailboxOptions,
): Promise<number> {
  const request = {
    path,
    // The API says which there are.
    ...(specialUse === undefined ? {} : { specialUse: specialUse as SpecialUse }),
    ...(parents ? { parents } : {}),
  };
  const mailbox = await (await client()).door(user, as).createMailbox(request);
  await printRecord(io, format, mailbox, FIELDS);
  return EXIT.ok;
}

export async function renameMailbox(
  { io, format, client }: Context,
  from: string,
  to: string,
  { user, as }: MailboxOptions,
): Promise<number> {
  const mailbox = await (await client()).door(user, as).renameMailbox({ from, to });
  await printRecord(io, format, mailbox, FIELDS);
  return EXIT.ok;
}

const NAMES: readonly Field<MailboxListItem>[] = [
  { name: 'path', label: 'mailbox', value: ({ path }) => path },
  { name: 'placeholder', value: ({ placeholder }) => placeholder },
  { name: 'hasChildren', value: ({ hasChildren }) => hasChildren },
  { name: 'specialUse', value: ({ specialUse }) => specialUse },
  { name: 'subscribed', value: ({ subscribed }) => subscribed },
];

const SUBSCRIPTION: readonly Field<SubscriptionAnswer>[] = [
  { name: 'path', label: 'mailbox', value: ({ path }) => path },
];

export async function listSubscriptions(
  { io, format, client }: Context,
  { user }: MailboxOptions,
): Promise<number> {
  await printList(io, format, (await client()).subscriptions(user), SUBSCRIPTION);
  return EXIT.ok;
}

/** By name, INBOX first, as mail programs show them; the API lists them by id. */
async function* inOrder(
  pages: AsyncIterable<readonly MailboxAnswer[]>,
): AsyncGenerator<readonly MailboxAnswer[]> {
  const mailboxes: MailboxAnswer[] = [];
  for await (const page of pages) mailboxes.push(...page);
  const byName = new Intl.Collator('en').compare;
  yield mailboxes.sort(
    (a, b) => Number(b.path === 'INBOX') - Number(a.path === 'INBOX') || byName(a.path, b.path),
  );
}
