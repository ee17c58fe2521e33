import type { ListPage } from '../ports/object-store.ts';

/**
 * Leaves off the last key of a page that has a successor: its other versions or uploads may be on
 * the next one, and "counted up to this key" must hold for all of them. A key with more of them
 * than a page holds is taken without such a mark: a crash in just that page counts it twice.
 */
export function wholeKeys<T extends { readonly key: string }>(
  page: ListPage<T>,
): { readonly entries: readonly T[]; readonly completeTo: string } {
  const last = page.entries.at(-1)?.key ?? '';
  if (page.next === undefined) return { entries: page.entries, completeTo: last };
  const whole = page.entries.filter(({ key }) => key !== last);
  const completeTo = whole.at(-1)?.key;
  if (completeTo !== undefined) return { entries: whole, completeTo };
  // A beginning of the key sorts before the key itself, and after every key that came before it.
  return { entries: page.entries, completeTo: last.slice(0, -1) };
}
