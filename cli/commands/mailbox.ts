/** `lethe mailbox list` and `subscriptions` */
import type { MailboxAnswer, SubscriptionAnswer } from '../../functions/contract/api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Field, printList } from '../output/records.ts';
import { count, size } from '../output/text.ts';

const FIELDS: readonly Field<MailboxAnswer>[] = [
  { name: 'mailbox', value: ({ path }) => path },
  { name: 'messages', value: ({ messages }) => messages, shown: ({ messages }) => count(messages) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  { name: 'uidNext', value: ({ uidNext }) => uidNext },
  { name: 'uidValidity', value: ({ uidValidity }) => uidValidity },
  { name: 'specialUse', value: ({ specialUse }) => specialUse },
];

export interface MailboxOptions {
  readonly user: string;
}

export async function listMailboxes(
  { io, format, client }: Context,
  { user }: MailboxOptions,
): Promise<number> {
  await printList(io, format, inOrder((await client()).mailboxes(user)), FIELDS);
  return EXIT.ok;
}

const SUBSCRIPTION: readonly Field<SubscriptionAnswer>[] = [
  { name: 'mailbox', value: ({ path }) => path },
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
