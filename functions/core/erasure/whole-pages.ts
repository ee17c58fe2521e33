/** Walks over a list of objects or uploads that removes what it has listed. */
import { OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import type { ListPage } from '../ports/object-store.ts';

export interface WholePage<T> {
  /** Empty where the store answered a page without entries, which need not be the last. */
  readonly entries: readonly T[];
  /** Of every key up to here all is on this page or on one before: what is met again was counted. */
  readonly completeTo: string;
  /** Beginning from here shows these entries again; undefined is the head of the list. */
  readonly from: string | undefined;
  readonly last: boolean;
}

type List<T> = (after?: string) => Promise<ListPage<T>>;

/**
 * Every page to the end, each beginning where the one before ended, however many of them are
 * empty: only a page without `next` is the last (X3). The last key of a page that has a successor
 * comes with that one, for two reasons: its other versions or uploads may be there, and the page
 * after is named by the end of this one, which must still be there when it is asked for.
 *
 * A key with more than 1,000 of them comes in parts, without a mark that it is complete: a crash in
 * just such a part counts it twice.
 * @param from where to begin; the head when missing
 * @param first page, when it has been listed already
 */
export async function* wholePages<T extends { readonly key: string }>(
  list: List<T>,
  from?: string,
  first?: ListPage<T>,
): AsyncGenerator<WholePage<T>> {
  let held: readonly T[] = [];
  /** Where a list that shows what is held begins. */
  let heldFrom = from;
  let after = from;
  for (let page = first; ; page = undefined) {
    page ??= await list(after);
    const entries = [...held, ...page.entries];
    const begin = held.length > 0 ? heldFrom : after;
    const lastKey = entries.at(-1)?.key ?? '';
    if (page.next === undefined) {
      yield { entries, completeTo: lastKey, from: begin, last: true };
      return;
    }
    const { ready, kept, completeTo } = split(entries, lastKey);
    yield { entries: ready, completeTo, from: begin, last: false };
    heldFrom = kept.length > page.entries.length ? begin : after;
    held = kept;
    after = page.next;
  }
}

/** What of a page may go now, and what has to wait for the next. */
function split<T extends { readonly key: string }>(entries: readonly T[], lastKey: string) {
  const whole = entries.filter(({ key }) => key !== lastKey);
  const completeTo = whole.at(-1)?.key;
  if (completeTo !== undefined) {
    return { ready: whole, kept: entries.slice(whole.length), completeTo };
  }
  if (entries.length <= OBJECT_PAGE_KEYS) return { ready: [], kept: entries, completeTo: '' };
  // A beginning of the key sorts before the key itself, and after every key that came before it.
  const before = lastKey.slice(0, -1);
  return { ready: entries.slice(0, -1), kept: entries.slice(-1), completeTo: before };
}
