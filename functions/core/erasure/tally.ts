/**
 * The memory of one erasing worker: which target it is at, how much it has counted, and up to
 * which key. Counts are written down before the deletion they announce, so a crash in between
 * neither loses nor doubles them: what is met again up to that key was counted already.
 */
import type { Counts } from '../../contract/api.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { sumCounts } from '../operations/progress.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { number, numbers, optionalText } from '../rows/attributes.ts';

interface TallyState {
  readonly target: number;
  readonly countedTo: string | undefined;
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

  get target(): number {
    return this.#state.target;
  }

  get done(): boolean {
    return this.#state.done;
  }

  get counts(): Counts {
    return this.#state.counts;
  }

  /** Whether a key of this target was counted already. Keys come in order. */
  isCounted(target: number, key: string): boolean {
    const { target: current, countedTo } = this.#state;
    if (target !== current || countedTo === undefined) return target < current;
    // As both stores sort: by UTF-8 bytes, not by UTF-16 units as JavaScript would.
    return Buffer.compare(Buffer.from(key), Buffer.from(countedTo)) <= 0;
  }

  /** Writes counts down before what they count is deleted. */
  async announce(target: number, lastKey: string, counts: Counts): Promise<void> {
    const sum = sumCounts([this.#state.counts, counts]);
    await this.#save({ target, countedTo: lastKey, counts: sum, done: false });
  }

  async finish(): Promise<void> {
    if (!this.done) await this.#save({ ...this.#state, countedTo: undefined, done: true });
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
        target: state.target,
        counts: { ...state.counts },
        done: state.done,
        ...(state.countedTo === undefined ? {} : { countedTo: state.countedTo }),
      },
    });
    if (result.outcome !== 'written') {
      throw new Error(`worker ${this.#worker} of ${this.#operationId} runs twice; one must stop`);
    }
    this.#revision = revision;
    this.#state = state;
  }
}

const EMPTY: TallyState = { target: 0, countedTo: undefined, counts: {}, done: false };

function toState(row: Row): TallyState {
  return {
    target: number(row, 'target'),
    countedTo: optionalText(row, 'countedTo'),
    counts: numbers(row, 'counts'),
    done: row.attributes['done'] === true,
  };
}
