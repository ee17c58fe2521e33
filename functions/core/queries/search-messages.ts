/** Looking for messages without changing any. */
import type { SearchAnswer } from '../../contract/mail-api.ts';
import type { Clock } from '../ports/clock.ts';
import { type Selecting, selectMessages } from './select-messages.ts';
import { encodePosition, positionIn, type WalkPosition } from './walk-position.ts';

/** Lambda answers 6 MB; an item has 1,000 bytes at most: path 800, subject 140, the rest 60. */
const ITEMS_MAX = 5000;

/**
 * The messages that a query means, in order of mailbox and UID, the INBOX last.
 * @param deadline epoch milliseconds after which no new page is read; `complete` is `false` then,
 *   as it is beyond 5,000 messages, and `next` says where to go on
 */
export async function searchMessages(
  clock: Clock,
  selecting: Omit<Selecting, 'searchOnly'>,
  deadline: number,
): Promise<SearchAnswer> {
  const items: SearchAnswer['items'][number][] = [];
  const { mailboxes, pages } = await selectMessages({ ...selecting, searchOnly: true });
  let undecided = 0;
  const found = () => ({
    items,
    count: items.length,
    mailboxesMatched: mailboxes.length,
    ...(undecided === 0 ? {} : { undecided }),
  });
  const cut = (position: WalkPosition): SearchAnswer => {
    return { ...found(), complete: false, next: encodePosition(position) };
  };
  for await (const { mailbox, messages, begins, ends, ...page } of pages()) {
    let { afterUid } = begins;
    for (const { uid, envelope } of messages) {
      if (items.length === ITEMS_MAX) return cut(positionIn(mailbox, afterUid));
      items.push({ mailbox: mailbox.path, uid, subject: envelope.subject });
      afterUid = uid;
    }
    // A page that is cut is met again.
    undecided += page.undecided;
    if (clock.now() >= deadline) return cut(ends);
  }
  return { ...found(), complete: true };
}
