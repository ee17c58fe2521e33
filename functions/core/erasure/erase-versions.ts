/**
 * Emptying prefixes of versions and delete markers. DeleteObjects takes 1,000 keys of any prefix,
 * and the 16 shards of an account all end in a page that is not full: what is listed is gathered, in
 * its order, until it fills a request.
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
import { wholePages } from './whole-pages.ts';

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

interface BegunTarget extends PrefixTarget {
  /** Where an earlier invocation stopped. */
  readonly from: string | undefined;
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
    const begun = group.map(({ index, prefix }) => ({
      index,
      prefix,
      from: index === tally.from ? tally.after : undefined,
    }));
    const pages = await inParallel(begun, PARALLEL_LISTINGS, ({ prefix, from }) =>
      ports.objects.listVersions(prefix, from),
    );
    for (const [place, target] of begun.entries()) {
      if (!(await emptyPrefix(ports, removal, target, pages[place]))) return false;
    }
  }
  return await removal.finish();
}

/**
 * Lists all of a prefix and removes it, but for an end that does not fill a request.
 * @param first page of the prefix, listed before; others' removals do not change it
 */
async function emptyPrefix(
  ports: ErasurePorts,
  removal: Removal,
  { index, prefix, from }: BegunTarget,
  first: ListPage<ListedVersion> | undefined,
): Promise<boolean> {
  const list = (after?: string) => ports.objects.listVersions(prefix, after);
  for await (const page of wholePages(list, from, first)) {
    if (removal.isOver()) return await removal.stopAt(index, page.from);
    const { entries, completeTo } = page;
    removal.note(entries, { target: index, key: completeTo });
    const listed = entries.map(({ key, versionId }) => ({ key, versionId, target: index }));
    await removal.gather(listed);
    if (page.last) return true;
    // Pages without entries may be many: what is gathered must not wait for their end, or the next
    // invocation would begin with it.
    if (listed.length === 0) await removal.finish();
  }
  return true;
}

const versionCounts = ({ deleteMarker, sizeBytes }: ListedVersion): Counts =>
  deleteMarker ? { deleteMarkers: 1 } : { objectVersions: 1, objectBytes: sizeBytes };

/** What was listed and not yet removed, and what was counted and not yet written down. */
class Removal {
  readonly #ports: ErasurePorts;
  readonly #tally: Tally;
  readonly #until: Until;
  /** In the order of targets and keys: nothing is left before the first. */
  #gathered: Waiting[] = [];
  #worked = false;
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
    this.#counts = sumCounts([this.#counts, ...fresh.map(versionCounts)]);
    this.#mark = mark;
  }

  /**
   * Notes where the next invocation begins, if all before it is removed; answers false. One request
   * is made in any case: pages may be so short that no invocation would ever fill it.
   */
  async stopAt(target: number, from: string | undefined): Promise<false> {
    if (!this.#worked && this.#gathered.length > 0) await this.#removeGathered();
    if (this.#gathered.length === 0) await this.#tally.pass(target, from);
    return false;
  }

  /** Takes what a page shows, and removes what fills a request. */
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
    const rest = await this.#remove(batch);
    this.#gathered = [...rest, ...this.#gathered.slice(batch.length)];
    this.#worked = true;
  }

  /** Removes a batch after its counts are written down; answers what is left when time is over. */
  async #remove(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const [oldest] = batch;
    if (this.#mark !== undefined && oldest !== undefined) {
      const { target, key } = oldest;
      await this.#tally.announce(this.#mark, { target, key }, this.#counts);
      this.#counts = {};
      this.#mark = undefined;
    }
    let rest = batch;
    let stalls = 0;
    do {
      const failures = await this.#ports.objects.removeVersions(rest);
      stalls = failures.length < rest.length ? 0 : stalls + 1;
      if (stalls > STALLS_MAX) throw blocked(failures.map(({ code }) => code));
      const failed = new Set(failures.map(nameOf));
      rest = rest.filter((version) => failed.has(nameOf(version)));
      if (rest.length === 0) break;
      await this.#ports.clock.sleep(STALL_WAIT_MS * 2 ** Math.max(stalls - 1, 0));
    } while (!this.isOver());
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
