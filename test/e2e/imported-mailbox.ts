/** An imported mailbox beside the one it came from. */
import { expect } from 'vitest';
import type { MailboxAnswer, MessageAnswer } from '../../functions/contract/api.ts';
import type { ImapClient } from '../dovecot/imap-client.ts';
import { FOLDERS, type Seen, SUBSCRIPTIONS, seenByImap, shown } from '../dovecot/imap-mailbox.ts';
import type { LetheJson } from './lethe-command.ts';

/** What `lethe import -f json` prints. */
export interface Report {
  readonly stored: number;
  readonly present: number;
  readonly missing: number;
  readonly equal: boolean;
  readonly mailboxes: readonly {
    readonly notes: readonly string[];
    readonly parity: { readonly otherUids?: number };
  }[];
}

/** All messages are there, the digests of both sides are equal, and so are all UIDs. */
export function expectKept(report: Report, messages: number): void {
  expect(report).toMatchObject({ missing: 0, equal: true });
  expect(report.stored + report.present).toBe(messages);
  expect(report.mailboxes.map(({ notes, parity }) => [notes, parity.otherUids])).toEqual(
    report.mailboxes.map(() => [[], 0]),
  );
}

/** The API shows every mailbox that `fillMailbox` made as IMAP does, and its subscriptions. */
export async function expectSame(imap: ImapClient, json: LetheJson, user: string): Promise<void> {
  const mailboxes = await json<MailboxAnswer[]>('mailbox', 'list', '-u', user);
  for (const [name, path] of FOLDERS) {
    const mailbox = mailboxes.find((one) => one.path === path);
    expect(await seenByApi(json, user, path, mailbox)).toEqual(await seenByImap(imap, name));
  }
  const subscribed = await json<{ path: string }[]>('mailbox', 'subscriptions', '-u', user);
  expect(subscribed.map(({ path }) => path).sort()).toEqual(SUBSCRIPTIONS);
}

async function seenByApi(
  json: LetheJson,
  user: string,
  path: string,
  mailbox: MailboxAnswer | undefined,
): Promise<Seen> {
  const list = await json<MessageAnswer[]>('message', 'list', '-u', user, '-m', path);
  return {
    uidValidity: mailbox?.uidValidity ?? 0,
    uidNext: mailbox?.uidNext ?? 0,
    messages: list.map(({ uid, flags, keywords, internalDate }) =>
      shown(uid, [...flags, ...keywords], new Date(internalDate)),
    ),
  };
}
