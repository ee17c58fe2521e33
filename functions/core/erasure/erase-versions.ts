/**
 * Emptying prefixes of versions and delete markers. DeleteObjects takes 1,000 keys of any prefix,
 * and the 16 shards of an account all end in a page that is not full: full pages go at once, the
 * ends of prefixes are gathered until they fill a request.
 */
import type { Counts } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { OBJECT_PAGE_KEYS } from '../../contract/limits.ts';
import { LetheError } from '../errors.ts';
import { sumCounts } from '../operations/progress.ts';
import type { ListedVersion, ListPage, ObjectVersion } from '../ports/object-store.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ErasurePorts, Until } from './erasure-ports.ts';
import type { CountMark, Tally } from './tally.ts';
import { wholeKeys } from './whole-keys.ts';

/**
 * Requests in a row that removed nothing, before the operation fails. Waits of 1, 2, 4, ... 32 s:
 * a partition that answers SlowDown gets a minute to recover.
 */
const STALLS_MAX = 6;
const STALL_WAIT_MS = 1000;

/** Most prefixes of most accounts are empty: looking at them one by one would take most time. */
const PARALLEL_LISTINGS = 16;

interface PrefixTarget {
  /** Its place among the targets of the range. */
  readonly index: number;
  readonly prefix: string;
}

type Waiting = ObjectVersion & { readonly target: number };

/**
 * Empties prefixes in their order.
 * @returns whether all are empty; false when time ran out
 * @throws ErasureBlockedError when versions cannot be removed however often it is tried
 */
export async function eraseVersions(
  ports: ErasurePorts,
  tally: Tally,
  targets: readonly PrefixTarget[],
  until: Until,
): Promise<boolean> {
  const removal = new Removal(ports, tally, until);
  for (let start = 0; start < targets.length; start += PARALLEL_LISTINGS) {
    if (removal.isOver()) return false;
    const group = targets.slice(start, start + PARALLEL_LISTINGS);
    const pages = await inParallel(group, PARALLEL_LISTINGS, ({ prefix }) =>
      ports.objects.listVersions(prefix),
    );
    for (const [place, target] of group.entries()) {
      if (!(await emptyPrefix(ports, removal, target, pages[place]))) return false;
    }
  }
  return await removal.finish();
}

/**
 * Removes all of a prefix but its last page, which is gathered.
 * @param first page of the prefix, listed before; others' removals do not change it
 */
async function emptyPrefix(
  ports: ErasurePorts,
  removal: Removal,
  { index, prefix }: PrefixTarget,
  first: ListPage<ListedVersion> | undefined,
): Promise<boolean> {
  for (let page = first; ; page = undefined) {
    if (removal.isOver()) return false;
    // From the head again: what was listed before is gone by now.
    page ??= await ports.objects.listVersions(prefix);
    const { entries, completeTo } = wholeKeys(page);
    removal.note(entries, { target: index, key: completeTo });
    const listed = entries.map(({ key, versionId }) => ({ key, versionId, target: index }));
    if (page.next === undefined) {
      await removal.gather(listed);
      return true;
    }
    await removal.removeNow(listed);
  }
}

const countsOf = ({ deleteMarker, sizeBytes }: ListedVersion): Counts =>
  deleteMarker ? { deleteMarkers: 1 } : { objectVersions: 1, objectBytes: sizeBytes };

/** What was listed and not yet removed, and what was counted and not yet written down. */
class Removal {
  readonly #ports: ErasurePorts;
  readonly #tally: Tally;
  readonly #until: Until;
  #gathered: Waiting[] = [];
  #counts: Counts = {};
  #mark: CountMark | undefined;

  constructor(ports: ErasurePorts, tally: Tally, until: Until) {
    this.#ports = ports;
    this.#tally = tally;
    this.#until = until;
  }

  isOver(): boolean {
    return this.#ports.clock.now() >= this.#until;
  }

  /** Counts what a page shows for the first time, complete up to the mark. */
  note(entries: readonly ListedVersion[], mark: CountMark): void {
    const fresh = entries.filter(({ key }) => !this.#tally.isCounted(mark.target, key));
    if (fresh.length === 0) return;
    this.#counts = sumCounts([this.#counts, ...fresh.map(countsOf)]);
    this.#mark = mark;
  }

  /** Removes a full page; what time does not suffice for is met again before the next one. */
  async removeNow(versions: readonly Waiting[]): Promise<void> {
    await this.#remove(versions, this.#gathered[0]?.target ?? versions[0]?.target);
  }

  /** Takes the end of a prefix, and removes what fills a request. */
  async gather(versions: readonly Waiting[]): Promise<void> {
    this.#gathered.push(...versions);
    while (this.#gathered.length >= OBJECT_PAGE_KEYS && !this.isOver())
      await this.#removeGathered();
  }

  async finish(): Promise<boolean> {
    while (this.#gathered.length > 0) {
      if (this.isOver()) return false;
      await this.#removeGathered();
    }
    return true;
  }

  async #removeGathered(): Promise<void> {
    const batch = this.#gathered.slice(0, OBJECT_PAGE_KEYS);
    const rest = await this.#remove(batch, batch[0]?.target);
    this.#gathered = [...rest, ...this.#gathered.slice(batch.length)];
  }

  /** Removes a batch after its counts are written down; answers what is left when time is over. */
  async #remove(batch: readonly Waiting[], from: number | undefined): Promise<readonly Waiting[]> {
    if (this.#mark !== undefined && from !== undefined) {
      await this.#tally.announce(this.#mark, from, this.#counts);
      this.#counts = {};
      this.#mark = undefined;
    }
    let rest = batch;
    let stalls = 0;
    while (rest.length > 0 && !this.isOver()) {
      const failures = await this.#ports.objects.removeVersions(rest);
      stalls = failures.length < rest.length ? 0 : stalls + 1;
      if (stalls > STALLS_MAX) throw blocked(failures.map(({ code }) => code));
      const failed = new Set(failures.map(nameOf));
      rest = rest.filter((version) => failed.has(nameOf(version)));
      if (rest.length === 0) break;
      await this.#ports.clock.sleep(STALL_WAIT_MS * 2 ** Math.max(stalls - 1, 0));
    }
    return rest;
  }
}

/** Neither a key nor a version id of S3 contains a line feed that Lethe made. */
const nameOf = ({ key, versionId }: ObjectVersion): string => `${key}\n${versionId}`;

function blocked(failures: readonly string[]): LetheError {
  const codes = [...new Set(failures)].join(', ');
  return new LetheError(
    ERROR_NAMES.erasureBlocked,
    `${failures.length} object versions could not be removed: ${codes}`,
    'Remove the cause (a permission, a lock, throttling), then resume the operation.',
  );
}
