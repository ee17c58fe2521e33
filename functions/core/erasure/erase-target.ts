/**
 * Emptying one prefix of uploads or one partition: list, write the counts down, delete, until the
 * last page is done. (Versions of objects: erase-versions.ts.)
 */
import type { Counts } from '../../contract/api.ts';
import { OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import type { RowKey } from '../../contract/row-layout.ts';
import { sumCounts } from '../operations/progress.ts';
import type { MultipartUpload } from '../ports/object-store.ts';
import type { RowQuery } from '../ports/row-store.ts';
import { inGroups, inParallel } from '../rows/parallel.ts';
import type { ErasurePorts, RowPorts, Until } from './erasure-ports.ts';
import type { Tally } from './tally.ts';
import type { Target } from './targets.ts';
import { type WholePage, wholePages } from './whole-pages.ts';

/** Aborts in flight; each is a request of its own. */
const PARALLEL_ABORTS = 10;

/** Most targets of most accounts are empty: looking at them one by one would take most time. */
const PARALLEL_LISTINGS = 16;

/** One entry of a page: its key for counting, what it counts as. */
interface ListedEntry {
  readonly key: string;
  readonly counts: Counts;
}

interface Listed {
  readonly entries: readonly ListedEntry[];
  /** Up to which key the page is complete: what is met again up to here was counted. */
  readonly completeTo: string;
  /** Nothing comes after this page. Verification lists it all again; this pass need not. */
  readonly last: boolean;
  /** Where the next invocation begins, should this page not be removed; undefined is the head. */
  readonly from: string | undefined;
  /** What may have been counted without being removed begins here. */
  readonly goneTo: string;
}

interface TargetEmptying {
  /** The next page; it may be empty and yet have a successor. */
  list(): Promise<Listed>;
  /** Removes the page that was listed last. */
  remove(): Promise<void>;
}

/** Targets of a range from a place among them on. */
interface PlacedTargets {
  readonly from: number;
  readonly targets: AsyncIterable<Target>;
}

/**
 * Empties targets in their order, none of them versions of objects.
 * @returns whether all are empty; false when time ran out
 */
export async function eraseTargets(
  ports: ErasurePorts,
  tally: Tally,
  { from, targets }: PlacedTargets,
  until: Until,
): Promise<boolean> {
  let start = from;
  for await (const group of inGroups(targets, PARALLEL_LISTINGS)) {
    if (start > from && ports.clock.now() >= until) {
      // Empty targets announce nothing: without this the next invocation would begin with them.
      await tally.pass(start);
      return false;
    }
    const { from: first, after } = tally;
    const emptyings = group.map((target, place) =>
      emptyingOf(ports, target, start + place === first ? after : undefined),
    );
    const pages = await inParallel(emptyings, PARALLEL_LISTINGS, (emptying) => emptying.list());
    for (const [place, emptying] of emptyings.entries()) {
      const page = pages[place];
      if (page?.last && page.entries.length === 0) continue;
      const index = start + place;
      const end = await empty(ports, tally, { index, emptying, first: page }, until);
      if (end.empty) continue;
      await tally.pass(index, end.from);
      return false;
    }
    start += group.length;
  }
  return true;
}

function emptyingOf(ports: ErasurePorts, target: Target, from: string | undefined): TargetEmptying {
  if (target.kind === 'versions') throw new TypeError('versions are erased by prefix');
  if (target.kind === 'uploads') return uploadsEmptying(ports, target.prefix, from);
  // Rows were fenced before they were planned, so none is younger than a stale read; and a mailbox
  // row goes only after a consistent look at its partitions.
  const query = { table: 'dictmap', pk: target.pk, eventual: true } as const;
  return rowsEmptying(ports, query, () => target.counter);
}

/** A part of a partition. */
interface RowsPart {
  readonly index: number;
  readonly query: Omit<RowQuery, 'limit'>;
  readonly counterOf: (key: RowKey) => string;
  /** Rows for which this is false stay. */
  readonly mayGo: (key: RowKey) => boolean;
}

/** Empties a query of the dictmap; the other way in, for parts of the account partition. */
export async function eraseRows(
  ports: RowPorts,
  tally: Tally,
  { index, query, counterOf, mayGo }: RowsPart,
  until: Until,
): Promise<boolean> {
  const emptying = rowsEmptying(ports, query, counterOf, mayGo);
  return (await empty(ports, tally, { index, emptying }, until)).empty;
}

/** Whether a target is empty; where the next invocation begins when not. */
type End = { readonly empty: true } | { readonly empty: false; readonly from: string | undefined };

async function empty(
  ports: RowPorts,
  tally: Tally,
  target: {
    readonly index: number;
    readonly emptying: TargetEmptying;
    readonly first?: Listed | undefined;
  },
  until: Until,
): Promise<End> {
  const { index, emptying, first } = target;
  for (let listed = first; ; listed = undefined) {
    const { entries: page, completeTo, last, from, goneTo } = listed ?? (await emptying.list());
    if (ports.clock.now() >= until) return { empty: false, from };
    const fresh = page.filter(({ key }) => !tally.isCounted(index, key));
    if (fresh.length > 0) {
      const counts = sumCounts(fresh.map((entry) => entry.counts));
      const mark = { target: index, key: completeTo };
      await tally.announce(mark, { target: index, key: goneTo }, counts);
    }
    if (page.length > 0) await emptying.remove();
    if (last) return { empty: true };
  }
}

function uploadsEmptying(
  ports: ErasurePorts,
  prefix: string,
  start: string | undefined,
): TargetEmptying {
  const pages = wholePages((after) => ports.objects.listUploads(prefix, after), start);
  let listed: readonly MultipartUpload[] = [];
  return {
    list: async () => {
      const { value } = await pages.next();
      const { entries: uploads, ...page }: WholePage<MultipartUpload> = value ?? END;
      listed = uploads;
      const entries = listed.map(({ key }) => ({ key, counts: { multipartUploads: 1 } }));
      return { ...page, entries, goneTo: listed[0]?.key ?? '' };
    },
    remove: async () => {
      await inParallel(listed, PARALLEL_ABORTS, (upload) => ports.objects.abortUpload(upload));
    },
  };
}

const END = { entries: [], completeTo: '', from: undefined, last: true } as const;

/**
 * Pages go forward: a removed row can be the place where the next page begins. Behind the fence no
 * row comes, and an eventual read may show one that is gone: all up to the mark was counted.
 */
function rowsEmptying(
  ports: RowPorts,
  query: Omit<RowQuery, 'limit'>,
  counterOf: (key: RowKey) => string,
  mayGo: (key: RowKey) => boolean = () => true,
): TargetEmptying {
  let listed: RowKey[] = [];
  let after: string | undefined;
  const nextPage = async () => {
    const page = await ports.rows.query({
      ...query,
      limit: OBJECT_PAGE_KEYS,
      keysOnly: true,
      ...(after === undefined ? {} : { after }),
    });
    after = page.next;
    return page.rows;
  };
  return {
    list: async () => {
      let page = await nextPage();
      // A page may be short, or empty, and yet have a successor.
      while (page.length === 0 && after !== undefined) page = await nextPage();
      listed = page.map(({ key }) => key).filter(mayGo);
      const entries = listed.map((key) => ({ key: key.sk, counts: { [counterOf(key)]: 1 } }));
      const completeTo = listed.at(-1)?.sk ?? '';
      return { entries, completeTo, last: after === undefined, from: undefined, goneTo: '' };
    },
    remove: async () => {
      await ports.rows.removeAll(listed);
    },
  };
}
