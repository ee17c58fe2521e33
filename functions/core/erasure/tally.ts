/**
 * The memory of one erasing worker: which targets are behind it, how much it has counted, from which
 * key to which. Counts are written down before the deletion they announce, so a crash in between
 * neither loses nor doubles them: what is met again between the two keys was counted already, and
 * what is met before the first of them has come since, for what was there is gone.
 */
import type { Counts } from '../../contract/api.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { sumCounts } from '../operations/progress.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { number, numbers, optionalText } from '../rows/attributes.ts';

/** Everything before it, in the order of targets and of keys in each, is counted. */
export interface CountMark {
  readonly target: number;
  readonly key: string;
}

interface TallyState {
  /** The first target that may still hold something. */
  readonly from: number;
  readonly mark: CountMark | undefined;
  /** Everything before it is removed as well. */
  readonly gone: CountMark | undefined;
  /** Where the first target's list goes on, if nothing of it is left before. */
  readonly after: string | undefined;
  readonly counts: Counts;
  readonly done: boolean;
}

export class Tally {
  readonly #rows: RowStore;
  readonly #operationId: string;
  readonly #worker: string;
  #state: TallyState;
  /** 0: no row yet. */
  #revision: number;

  private constructor(rows: RowStore, operationId: string, worker: string, row: Row | undefined) {
    this.#rows = rows;
    this.#operationId = operationId;
    this.#worker = worker;
    this.#revision = row === undefined ? 0 : number(row, 'revision');
    this.#state = row === undefined ? EMPTY : toState(row);
  }

  /** @param worker unique within the operation, for instance `1-7` for range 7 of round 1 */
  static async open(rows: RowStore, operationId: string, worker: string): Promise<Tally> {
    const row = await rows.get(registryKeys.progress(operationId, worker));
    return new Tally(rows, operationId, worker, row);
  }

  /** The first target that may still hold something. */
  get from(): number {
    return this.#state.from;
  }

  /** Where to begin the list of the first target; undefined for its head. */
  get after(): string | undefined {
    return this.#state.after;
  }

  get done(): boolean {
    return this.#state.done;
  }

  /** Up to where everything is counted. */
  get mark(): CountMark | undefined {
    return this.#state.mark;
  }

  get counts(): Counts {
    return this.#state.counts;
  }

  /** Whether a key of this target was counted already. Keys come in order. */
  isCounted(target: number, key: string): boolean {
    const { mark, gone } = this.#state;
    const place = { target, key };
    if (mark === undefined || order(place, mark) > 0) return false;
    return gone === undefined || order(place, gone) >= 0;
  }

  /**
   * Writes counts down before what they count is deleted.
   * @param mark up to where everything is counted
   * @param gone the first of what is to be deleted: nothing is left before it
   */
  async announce(mark: CountMark, gone: CountMark, counts: Counts): Promise<void> {
    const { mark: before, after, from, counts: counted } = this.#state;
    await this.#save({
      from: gone.target,
      mark: before !== undefined && order(before, mark) > 0 ? before : mark,
      gone,
      after: gone.target === from ? after : undefined,
      counts: sumCounts([counted, counts]),
      done: false,
    });
  }

  /**
   * Notes that every target before this one was found empty, or was emptied.
   * @param after where the list of this target goes on, if nothing of it is left before
   */
  async pass(from: number, after?: string): Promise<void> {
    if (from < this.from || (from === this.from && after === this.after)) return;
    await this.#save({ ...this.#state, from, after });
  }

  async finish(): Promise<void> {
    if (!this.done) await this.#save({ ...this.#state, done: true });
  }

  /**
   * Two deliveries of one worker at a time would count twice: the row's revision lets one go on
   * and stops the other, which the machine's retry brings back with the newer state.
   */
  async #save(state: TallyState): Promise<void> {
    const revision = this.#revision + 1;
    const result = await this.#rows.write({
      kind: 'put',
      key: registryKeys.progress(this.#operationId, this.#worker),
      guard:
        this.#revision === 0
          ? { row: 'absent' }
          : { row: 'present', equals: { revision: this.#revision } },
      attributes: {
        v: ROW_VERSION,
        type: 'progress',
        revision,
        from: state.from,
        counts: { ...state.counts },
        done: state.done,
        ...(state.mark === undefined
          ? {}
          : { countedTarget: state.mark.target, countedTo: state.mark.key }),
        ...(state.gone === undefined
          ? {}
          : { goneTarget: state.gone.target, goneTo: state.gone.key }),
        ...(state.after === undefined ? {} : { after: state.after }),
      },
    });
    if (result.outcome !== 'written') {
      throw new Error(`worker ${this.#worker} of ${this.#operationId} runs twice; one must stop`);
    }
    this.#revision = revision;
    this.#state = state;
  }
}

const EMPTY: TallyState = {
  from: 0,
  mark: undefined,
  gone: undefined,
  after: undefined,
  counts: {},
  done: false,
};

/** As both stores sort: by UTF-8 bytes, not by UTF-16 units as JavaScript would. */
const order = (one: CountMark, other: CountMark): number =>
  one.target - other.target || Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));

function toState(row: Row): TallyState {
  const key = optionalText(row, 'countedTo');
  const gone = optionalText(row, 'goneTo');
  return {
    from: number(row, 'from'),
    mark: key === undefined ? undefined : { target: number(row, 'countedTarget'), key },
    gone: gone === undefined ? undefined : { target: number(row, 'goneTarget'), key: gone },
    after: optionalText(row, 'after'),
    counts: numbers(row, 'counts'),
    done: row.attributes['done'] === true,
  };
}
