import type { StartedVerb as Verb } from '../../functions/contract/machines.ts';
import type { Clock } from '../../functions/core/ports/clock.ts';
import type { ExecutionStatus, Workflows } from '../../functions/core/ports/workflows.ts';

/** Step Functions takes execution names of at most 80 of these characters. */
const NAME = /^[A-Za-z0-9_-]{1,80}$/;
/** An execution's input has at most 256 KiB. */
const INPUT_BYTES_MAX = 256 * 1024;

interface Execution {
  readonly verb: Verb;
  readonly name: string;
  /** As it was sent: JSON. */
  readonly input: string;
  readonly startedAt: number;
  status: ExecutionStatus;
}

/** Records executions; a test runs them itself and says how they end. */
export class MemoryWorkflows implements Workflows {
  readonly #executions = new Map<string, Execution>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'> = Date) {
    this.#clock = clock;
  }

  /** Like Step Functions: while one runs, the same name with the same input is `started` again. */
  async start(verb: Verb, name: string, input: object): Promise<'started' | 'exists'> {
    if (!NAME.test(name)) throw new RangeError(`not an execution name: ${JSON.stringify(name)}`);
    const text = JSON.stringify(input);
    if (Buffer.byteLength(text) > INPUT_BYTES_MAX) {
      throw new RangeError(`an input of ${Buffer.byteLength(text)} bytes`);
    }
    const known = this.#executions.get(`${verb}/${name}`);
    if (known !== undefined) {
      return known.status === 'running' && known.input === text ? 'started' : 'exists';
    }
    const startedAt = this.#clock.now();
    this.#executions.set(`${verb}/${name}`, {
      verb,
      name,
      input: text,
      startedAt,
      status: 'running',
    });
    return 'started';
  }

  async status(verb: Verb, name: string): Promise<ExecutionStatus | undefined> {
    return this.#executions.get(`${verb}/${name}`)?.status;
  }

  async running(verb: Verb): Promise<readonly number[]> {
    return [...this.#executions.values()]
      .filter((execution) => execution.verb === verb && execution.status === 'running')
      .map(({ startedAt }) => startedAt);
  }

  /** Executions in the order of their starts, each once. */
  starts(): readonly { readonly verb: Verb; readonly name: string; readonly input: unknown }[] {
    return [...this.#executions.values()].map(({ verb, name, input }) => ({
      verb,
      name,
      input: JSON.parse(input) as unknown,
    }));
  }

  setStatus(verb: Verb, name: string, status: ExecutionStatus): void {
    const execution = this.#executions.get(`${verb}/${name}`);
    if (execution === undefined) throw new RangeError(`no execution ${name} of ${verb}.`);
    execution.status = status;
  }
}
