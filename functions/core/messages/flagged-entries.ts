/** The messages of a mailbox that may have `\Deleted`, without reading the others. */
import { markOf } from '../mailboxes/bucket-directory.ts';
import { flaggedFrom } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { RowStore } from '../ports/row-store.ts';
import { type Entry, readEntries, readMailboxPage } from './entries.ts';
import type { PassOver } from './pass-over.ts';

const PAGE_ENTRIES = 500;

interface FlaggedPage {
  readonly entries: readonly Entry[];
  /** Everything up to this UID was looked at. */
  readonly upTo: number;
}

/**
 * In UID order, page by page; a page may be empty, so that whoever walks can look at the clock.
 * What a storage shows, and mailboxes older than the directory, are read as a whole.
 */
export async function* flaggedEntries(
  rows: RowStore,
  mailbox: Mailbox,
  clock: { readonly now: () => number },
  { afterUid: first, passOver }: { readonly afterUid: number; readonly passOver: PassOver },
): AsyncGenerator<FlaggedPage> {
  if (mailbox.role === 'storage' || markOf(mailbox).unlisted > 0) {
    for (let afterUid: number | undefined = first; afterUid !== undefined; ) {
      const window = { afterUid, limit: PAGE_ENTRIES, passOver };
      const page: Awaited<ReturnType<typeof readMailboxPage>> = await readMailboxPage(
        rows,
        mailbox,
        window,
        clock.now(),
      );
      afterUid = page.nextAfterUid;
      yield { entries: page.entries, upTo: afterUid ?? mailbox.uidNext - 1 };
    }
    return;
  }
  for await (const uids of flaggedFrom(rows, mailbox.mailboxId, first)) {
    const entries = await readEntries(rows, mailbox, { uids, passOver }, clock.now());
    yield { entries, upTo: uids.at(-1) ?? first };
  }
}
