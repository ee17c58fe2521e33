import type { Clock } from '../../functions/core/ports/clock.ts';
import type { StateKind } from './asl-definition.ts';
import { runtimeError, StatesError, TransitionLimitError } from './asl-error.ts';
import { type ExecutionHistory, HISTORY_EVENTS_MAX } from './asl-history.ts';
import type { Json, JsonObject } from './asl-paths.ts';

/** 256 KiB of UTF-8: every input, parameter, result and output. */
const PAYLOAD_BYTES_MAX = 262_144;

/** What a child execution of a distributed map left behind. */
export interface ChildReport {
  readonly name: string;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly events: number;
  readonly transitions: number;
}

/**
 * Calls a function, by the name of its token, or an action of a service (`aws-sdk:...`): with the
 * payload as JSON would carry it.
 */
export type Invoke = (functionToken: string, payload: unknown) => Promise<unknown>;

export interface RunSettings {
  readonly invoke: Invoke;
  readonly clock: Clock;
  /** Bound of the whole run: states entered and retries of the parent and all its children. */
  readonly maxTransitions: number;
  readonly onState?: ((name: string, kind: StateKind) => void) | undefined;
  /** The machine's TimeoutSeconds; counts for its children as well, which it would take down. */
  readonly timeoutSeconds?: number | undefined;
}

/** What all executions of one run share. */
export class Run {
  readonly invoke: Invoke;
  readonly children: ChildReport[] = [];
  maxPayloadBytes = 0;
  readonly #clock: Clock;
  readonly #settings: RunSettings;
  readonly #deadline: number;
  readonly #stragglers: Promise<unknown>[] = [];
  #transitions = 0;

  constructor(settings: RunSettings) {
    this.invoke = settings.invoke;
    this.#clock = settings.clock;
    this.#settings = settings;
    this.#deadline = settings.clock.now() + (settings.timeoutSeconds ?? Infinity) * 1000;
  }

  now(): number {
    return this.#clock.now();
  }

  isoNow(): string {
    return new Date(this.now()).toISOString();
  }

  /** @throws StatesError States.Timeout, terminal, when the machine's own time is over by then */
  async sleepUntil(time: number): Promise<void> {
    const until = Math.min(time, this.#deadline);
    if (until > this.now()) await this.#clock.sleep(until - this.now());
    this.checkDeadline();
  }

  checkDeadline(): void {
    if (this.now() < this.#deadline) return;
    throw new StatesError('States.Timeout', 'the execution ran longer than TimeoutSeconds', true);
  }

  /** @throws TransitionLimitError when the run is longer than its caller thought possible */
  countTransition(stateName: string): void {
    this.#transitions += 1;
    if (this.#transitions > this.#settings.maxTransitions) {
      throw new TransitionLimitError(
        `more than ${this.#settings.maxTransitions} transitions, the last into "${stateName}"`,
      );
    }
  }

  announce(stateName: string, kind: StateKind): void {
    this.#settings.onState?.(stateName, kind);
  }

  /** Takes children whose map has failed: nobody waits for them but the end of the run. */
  leaveBehind(children: readonly Promise<unknown>[]): void {
    this.#stragglers.push(...children);
  }

  /** Waits until nothing of the run is under way. A straggler can leave others behind. */
  async settleStragglers(): Promise<void> {
    for (const straggler of this.#stragglers) await Promise.allSettled([straggler]);
  }

  /** @throws StatesError States.DataLimitExceeded for more than 256 KiB of JSON in UTF-8 */
  measured(value: Json, what: string): Json {
    const sizeBytes = Buffer.byteLength(JSON.stringify(value));
    this.maxPayloadBytes = Math.max(this.maxPayloadBytes, sizeBytes);
    if (sizeBytes > PAYLOAD_BYTES_MAX) {
      throw new StatesError(
        'States.DataLimitExceeded',
        `${what} has ${sizeBytes} bytes, more than the ${PAYLOAD_BYTES_MAX} of a payload`,
      );
    }
    return value;
  }
}

/** Set when a sibling has failed the map: what runs stops before its next step. */
export class AbortFlag {
  raised = false;
  readonly #outer: AbortFlag | undefined;

  constructor(outer?: AbortFlag) {
    this.#outer = outer;
  }

  /** @throws StatesError, terminal */
  check(): void {
    this.#outer?.check();
    if (this.raised) throw new StatesError('Aborted', 'a sibling failed the map', true);
  }
}

/** One execution, or one iteration of an inline map, which writes its parent's history. */
export interface Execution {
  readonly run: Run;
  readonly history: ExecutionHistory;
  readonly abort: AbortFlag;
  /** `$$.Execution`, `$$.StateMachine` and, in an inline iteration, `$$.Map`. */
  readonly context: JsonObject;
}

/** @throws StatesError when the execution must not take another step */
export function checkMayGoOn(execution: Execution): void {
  execution.abort.check();
  execution.run.checkDeadline();
  if (execution.history.events >= HISTORY_EVENTS_MAX) {
    throw runtimeError(`the execution reached ${HISTORY_EVENTS_MAX} events of history`);
  }
}
