/** Walking the messages that a query means, page by page. */

import { isTooLongPath, normalName } from '../../contract/mailbox-names.ts';
import type { Account } from '../accounts/accounts.ts';
import { mailboxesAtOnce } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readNameMemories, wasGiven } from '../mailboxes/name-memory.ts';
import type { Entry } from '../messages/entries.ts';
import type { Message } from '../messages/message.ts';
import type { RowStore } from '../ports/row-store.ts';
import {
  chooseMailboxes,
  namesExactly,
  patternsIn,
  requireNamed,
  type StorageReach,
  withNames,
} from './choose-mailboxes.ts';
import { type Candidate, judgeEntry, judgeMessage } from './match-query.ts';
import type { MailQuery } from './query.ts';
import { mailboxesLeft, positionIn, type WalkPosition } from './walk-position.ts';

/** Rows read at a time: at most 1 KB each, so half a query page of DynamoDB's 1 MB. */
const PAGE_ROWS = 500;

/** A message as its mailbox shows it; in the expunge storage with origin and time of expunge. */
export type ShownMessage = Message & Pick<Candidate, 'origin' | 'expungedAt'>;

/** One page of a mailbox in UID order, whether its messages are live or expunged ones. */
type ReadPage = (
  mailbox: Mailbox,
  page: { readonly afterUid: number; readonly limit: number },
) => Promise<{ readonly messages: readonly ShownMessage[]; readonly nextAfterUid?: number }>;

export interface Selecting {
  readonly rows: RowStore;
  readonly readPage: ReadPage;
  readonly account: Account;
  readonly query: MailQuery;
  /** Which storages patterns mean; missing: all of them. */
  readonly storages?: StorageReach;
  /** Mailboxes that whoever asks may read; all when missing. The others are not there for them. */
  readonly mayRead?: (mailbox: Mailbox) => boolean;
  /** A named mailbox that does not exist is an error, except in a search. */
  readonly searchOnly?: boolean;
  /** Name of a mailbox that patterns do not mean; where it is named, it is looked into. */
  readonly onlyNamed?: string;
  /** Where an earlier request stopped. */
  readonly position?: WalkPosition | undefined;
}

interface SelectedPage {
  readonly mailbox: Mailbox;
  /** In UID order; may be empty, so that whoever walks can look at the clock. */
  readonly messages: readonly ShownMessage[];
  /** Messages of which the rows do not say whether they are meant: they are left out. */
  readonly undecided: number;
  /** Where the walk stands before this page, and behind it. */
  readonly begins: WalkPosition;
  readonly ends: WalkPosition;
}

export interface Selected {
  /** Those the query looks into, in the order of the walk, as they were at its start. */
  readonly mailboxes: readonly Mailbox[];
  /** Of the query, those that look like patterns and are names. */
  readonly names: ReadonlySet<string>;
  /** Whether it still means an entry of a mailbox, whose marks may have changed. */
  readonly isMeant: (mailbox: Mailbox) => (entry: Entry) => boolean;
  /** Walks them once. Messages that arrive after the start are left alone. */
  readonly pages: () => AsyncGenerator<SelectedPage>;
}

/**
 * Finds the mailboxes of a query and notes their UIDNEXTs: what the walk will meet is fixed now.
 * @throws UnknownMailboxError for one that is named and not there
 */
export async function selectMessages(selecting: Selecting): Promise<Selected> {
  const { rows, account, mayRead = () => true } = selecting;
  const shown = (await mailboxesAtOnce(rows, account)).filter(mayRead);
  const names = await literalNames(selecting, shown);
  const query = withNames(selecting.query, names);
  if (selecting.searchOnly !== true) requireNamed(query, shown);
  const mailboxes = chooseMailboxes(shown, query, selecting.storages).filter(
    ({ path }) => path !== selecting.onlyNamed || namesExactly(query, path),
  );
  const isMeant =
    ({ path }: Mailbox) =>
    (entry: Entry) =>
      judgeEntry(query, entry, path) === 'yes';
  return { mailboxes, names, isMeant, pages: () => walk({ ...selecting, query }, mailboxes) };
}

/**
 * Those of the patterns that are, or were, the name of a mailbox: the same request again must not
 * reach others because the one that it means has gone or was renamed meanwhile.
 */
async function literalNames(
  { rows, account, query }: Selecting,
  shown: readonly Mailbox[],
): Promise<ReadonlySet<string>> {
  // What cannot be a name was never one, and no mailbox makes `*` or `%` mean less than all.
  const mayBeName = (name: string) =>
    /[^*%/]/.test(name) && normalName(name) === name && !isTooLongPath(name);
  const patterns = patternsIn(query).filter(mayBeName);
  if (patterns.length === 0) return new Set();
  const paths = new Set(shown.map(({ path }) => path));
  const memoryOf = await readNameMemories(rows, account.accountId, patterns);
  return new Set(patterns.filter((name) => paths.has(name) || wasGiven(memoryOf(name))));
}

async function* walk(
  { readPage, query, position }: Selecting,
  mailboxes: readonly Mailbox[],
): AsyncGenerator<SelectedPage> {
  for (const { mailbox, afterUid: first } of mailboxesLeft(mailboxes, position)) {
    let afterUid: number | undefined = first;
    while (afterUid !== undefined) {
      const page: Awaited<ReturnType<ReadPage>> = await readPage(mailbox, {
        afterUid,
        limit: PAGE_ROWS,
      });
      const shown = page.messages.filter(({ uid }) => uid < mailbox.uidNext);
      const verdicts = Map.groupBy(shown, (message) => judgeMessage(query, message, mailbox.path));
      const { yes: messages = [], unknown = [] } = Object.fromEntries(verdicts);
      const { nextAfterUid } = page;
      const begins = positionIn(mailbox, afterUid);
      const ends = positionIn(mailbox, nextAfterUid ?? Math.max(mailbox.uidNext - 1, afterUid));
      yield { mailbox, messages, undecided: unknown.length, begins, ends };
      afterUid =
        nextAfterUid !== undefined && nextAfterUid + 1 < mailbox.uidNext ? nextAfterUid : undefined;
    }
  }
}
