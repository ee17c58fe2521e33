/**
 * Emptying one prefix or one partition: list from the head, write the counts down, delete, list
 * again, until nothing is listed. It needs no cursor, so it can stop and start anywhere.
 */
import type { Counts } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import type { RowKey } from '../../contract/row-layout.ts';
import { LetheError } from '../errors.ts';
import { sumCounts } from '../operations/progress.ts';
import type { ListedVersion, ListPage, MultipartUpload } from '../ports/object-store.ts';
import type { Query } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ErasurePorts, RowPorts, Until } from './erasure-ports.ts';
import type { Tally } from './tally.ts';
import type { Target } from './targets.ts';

/** Aborts in flight; each is a request of its own. */
const PARALLEL_ABORTS = 10;

/**
 * Pages in a row of which nothing could be removed, before the operation fails. Waits of 1, 2, 4,
 * ... 32 s: a partition that answers SlowDown gets a minute to recover.
 */
const STALLS_MAX = 6;
const STALL_WAIT_MS = 1000;

/** One entry of a page: its key for counting, what it counts as. */
interface Entry {
  readonly key: string;
  readonly counts: Counts;
}

interface Listed {
  /** The page at the head; empty when there is nothing left. */
  readonly entries: readonly Entry[];
  /** Up to which key the page is complete: what is met again up to here was counted. */
  readonly completeTo: string;
}

interface Emptying {
  list(): Promise<Listed>;
  /** Removes the page that was listed last; answers why entries remain, one code for each. */
  remove(): Promise<readonly string[]>;
  /** For messages: ids only, never an address. */
  readonly name: string;
}

/**
 * @returns whether the target is empty; false when time ran out
 * @throws ErasureBlockedError when entries cannot be removed however often it is tried
 */
export async function eraseTarget(
  ports: ErasurePorts,
  tally: Tally,
  index: number,
  target: Target,
  until: Until,
): Promise<boolean> {
  return await empty(ports, tally, index, emptyingOf(ports, target), until);
}

/** Empties a query of the dictmap; the other way in, for parts of the account partition. */
export async function eraseRows(
  ports: RowPorts,
  tally: Tally,
  index: number,
  query: Omit<Query, 'limit'>,
  counterOf: (key: RowKey) => string,
  until: Until,
): Promise<boolean> {
  return await empty(ports, tally, index, rowsEmptying(ports, query, counterOf), until);
}

async function empty(
  ports: RowPorts,
  tally: Tally,
  index: number,
  emptying: Emptying,
  until: Until,
): Promise<boolean> {
  let stalls = 0;
  while (ports.clock.now() < until) {
    const { entries: page, completeTo } = await emptying.list();
    if (page.length === 0) return true;
    const fresh = page.filter(({ key }) => !tally.isCounted(index, key));
    if (fresh.length > 0) {
      await tally.announce(index, completeTo, sumCounts(fresh.map(({ counts }) => counts)));
    }
    const failures = await emptying.remove();
    stalls = failures.length < page.length ? 0 : stalls + 1;
    if (stalls > STALLS_MAX) throw blocked(emptying.name, failures);
    if (failures.length > 0) await ports.clock.sleep(STALL_WAIT_MS * 2 ** Math.max(stalls - 1, 0));
  }
  return false;
}

function blocked(name: string, failures: readonly string[]): LetheError {
  const codes = [...new Set(failures)].join(', ');
  return new LetheError(
    ERROR_NAMES.erasureBlocked,
    `${failures.length} entries of ${name} could not be removed: ${codes}`,
    'Remove the cause (a permission, a lock, throttling), then resume the operation.',
  );
}

function emptyingOf(ports: ErasurePorts, target: Target): Emptying {
  switch (target.kind) {
    case 'versions':
      return versionsEmptying(ports, target.prefix);
    case 'uploads':
      return uploadsEmptying(ports, target.prefix);
    case 'rows':
      return rowsEmptying(ports, { table: 'dictmap', pk: target.pk }, () => target.counter);
  }
}

function versionsEmptying(ports: ErasurePorts, prefix: string): Emptying {
  let listed: readonly ListedVersion[] = [];
  return {
    name: prefix,
    list: async () => {
      const page = wholeKeys(await ports.objects.listVersions(prefix));
      listed = page.entries;
      const entries = listed.map(({ key, deleteMarker, sizeBytes }) => ({
        key,
        counts: deleteMarker ? { deleteMarkers: 1 } : { objectVersions: 1, objectBytes: sizeBytes },
      }));
      return { entries, completeTo: page.completeTo };
    },
    remove: async () => (await ports.objects.removeVersions(listed)).map(({ code }) => code),
  };
}

/**
 * Leaves off the last key of a page that has a successor: its other versions or uploads may be on
 * the next one, and "counted up to this key" must hold for all of them. A key with more of them
 * than a page holds is taken without such a mark: a crash in just that page counts it twice.
 */
function wholeKeys<T extends { readonly key: string }>(
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

function uploadsEmptying(ports: ErasurePorts, prefix: string): Emptying {
  let listed: readonly MultipartUpload[] = [];
  return {
    name: prefix,
    list: async () => {
      const page = wholeKeys(await ports.objects.listUploads(prefix));
      listed = page.entries;
      const entries = listed.map(({ key }) => ({ key, counts: { multipartUploads: 1 } }));
      return { entries, completeTo: page.completeTo };
    },
    remove: async () => {
      await inParallel(listed, PARALLEL_ABORTS, (upload) => ports.objects.abortUpload(upload));
      return [];
    },
  };
}

function rowsEmptying(
  ports: RowPorts,
  query: Omit<Query, 'limit'>,
  counterOf: (key: RowKey) => string,
): Emptying {
  let listed: RowKey[] = [];
  return {
    name: query.pk,
    list: async () => {
      const page = await firstRows(ports, query);
      listed = page.map(({ key }) => key);
      const entries = listed.map((key) => ({ key: key.sk, counts: { [counterOf(key)]: 1 } }));
      return { entries, completeTo: listed.at(-1)?.sk ?? '' };
    },
    remove: async () => {
      await ports.rows.removeAll(listed);
      return [];
    },
  };
}

/** The first page that is not empty: a page may be short and yet have a successor. */
async function firstRows(ports: RowPorts, query: Omit<Query, 'limit'>) {
  let after: string | undefined;
  do {
    const page = await ports.rows.query({
      ...query,
      limit: OBJECT_PAGE_KEYS,
      keysOnly: true,
      ...(after === undefined ? {} : { after }),
    });
    if (page.rows.length > 0) return page.rows;
    after = page.next;
  } while (after !== undefined);
  return [];
}
