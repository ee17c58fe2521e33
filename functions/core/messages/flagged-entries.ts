/** The messages of a mailbox that may have `\Deleted`, without reading the others. */
import { markOf } from '../mailboxes/bucket-directory.ts';
import { flaggedFrom } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import type { RowStore } from '../ports/row-store.ts';
import { type Entry, readEntries, readMailboxPage } from './entries.ts';
import type { PassOver } from './pass-over.ts';

const PAGE_ENTRIES = 500;

/**
 * In UID order, page by page; a page may be empty, so that whoever walks can look at the clock.
 * What a storage shows, and mailboxes older than the directory, are read as a whole.
 */
export async function* flaggedEntries(
  rows: RowStore,
  mailbox: Mailbox,
  clock: { readonly now: () => number },
  passOver: PassOver,
): AsyncGenerator<readonly Entry[]> {
  if (mailbox.role === 'storage' || markOf(mailbox).unlisted > 0) {
    for (let afterUid: number | undefined = 0; afterUid !== undefined; ) {
      const window = { afterUid, limit: PAGE_ENTRIES, passOver };
      const page: Awaited<ReturnType<typeof readMailboxPage>> = await readMailboxPage(
        rows,
        mailbox,
        window,
        clock.now(),
      );
      yield page.entries;
      afterUid = page.nextAfterUid;
    }
    return;
  }
  for await (const uids of flaggedFrom(rows, mailbox.mailboxId, 0)) {
    yield await readEntries(rows, mailbox, uids, clock.now(), passOver);
  }
}
