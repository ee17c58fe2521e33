/** How far one round of verification has come, and what it has found. */
import type { Counts } from '../../contract/api.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { sumCounts } from '../operations/progress.ts';
import type { Ports } from '../ports/ports.ts';
import type { Guard, Row, RowStore } from '../ports/row-store.ts';
import { number, numbers, optionalText } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';

export class VerificationCursor {
  readonly #rows: RowStore;
  readonly #context: OperationContext;
  readonly #round: number;
  /** Epoch milliseconds at which the first listing of this round began. */
  readonly startedAt: number;
  #next: number;
  #after: string | undefined;
  #found: Counts;
  /** What holds for the row as it was read or written last. */
  #asKnown: Guard;

  private constructor(
    rows: RowStore,
    context: OperationContext,
    { round, row, now }: { round: number; row: Row | undefined; now: number },
  ) {
    this.#rows = rows;
    this.#context = context;
    this.#round = round;
    // A resumed operation verifies from the start: what an earlier attempt saw may be hours old.
    const same = row !== undefined && number(row, 'attempt') === context.attempt;
    this.startedAt = same ? number(row, 'startedAt') : now;
    this.#next = same ? number(row, 'next') : 0;
    this.#after = same ? optionalText(row, 'after') : undefined;
    this.#found = same ? numbers(row, 'found') : {};
    this.#asKnown = row === undefined ? { row: 'absent' } : asIs(row);
  }

  static async open(
    ports: Pick<Ports, 'rows' | 'clock'>,
    context: OperationContext,
    round: number,
  ): Promise<VerificationCursor> {
    const row = await ports.rows.get(registryKeys.verification(context.operationId, round));
    return new VerificationCursor(ports.rows, context, { round, row, now: ports.clock.now() });
  }

  /** Index of the first target not yet looked at. */
  get next(): number {
    return this.#next;
  }

  /** Where the list of that target goes on; undefined for its head. */
  get after(): string | undefined {
    return this.#after;
  }

  get found(): Counts {
    return this.#found;
  }

  /**
   * A delivery that runs beside another one stops here, for the machine to try it again: it could
   * write over what the other has found, or leave a row for ever once the operation has ended.
   * @param after of the next target, where its list goes on
   */
  async advance(targets: number, found: Counts, after?: string): Promise<void> {
    this.#next += targets;
    this.#after = after;
    this.#found = sumCounts([this.#found, found]);
    const place = { attempt: this.#context.attempt, startedAt: this.startedAt, next: this.#next };
    const result = await this.#rows.write({
      kind: 'put',
      key: registryKeys.verification(this.#context.operationId, this.#round),
      guard: this.#asKnown,
      attributes: {
        v: ROW_VERSION,
        type: 'verification',
        ...place,
        ...(after === undefined ? {} : { after }),
        found: { ...this.#found },
      },
    });
    if (result.outcome !== 'written') {
      const { operationId } = this.#context;
      throw new Error(`round ${this.#round} of ${operationId} is verified twice; one must stop`);
    }
    this.#asKnown = { row: 'present', equals: place };
  }
}

/** The row as it was read. */
const asIs = (row: Row): Guard => ({
  row: 'present',
  equals: {
    attempt: number(row, 'attempt'),
    startedAt: number(row, 'startedAt'),
    next: number(row, 'next'),
  },
});

/** What each round of verification found, first round first. */
export async function foundByRound(rows: RowStore, operationId: string): Promise<Counts[]> {
  const { pk } = registryKeys.verification(operationId, 0);
  const found: Counts[] = [];
  const query = { table: 'registry', pk, sk: { prefix: 'verification#' }, limit: 10 } as const;
  for await (const row of everyRow(rows, query)) found.push(numbers(row, 'found'));
  return found;
}
