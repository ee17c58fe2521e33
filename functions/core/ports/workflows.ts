/** Executions of the state machines. */
import type { StartedVerb } from '../../contract/machines.ts';

export type ExecutionStatus = 'running' | 'succeeded' | 'failed';

export interface Workflows {
  /**
   * Starts the machine of a verb under an execution name that is unique for ever.
   * Answers `exists` when an execution of this name was started before, whatever became of it;
   * but `started` again while it runs and the input is the same (Step Functions cannot tell).
   */
  start(verb: StartedVerb, name: string, input: object): Promise<'started' | 'exists'>;
  /** Undefined when no execution of this name is known. */
  status(verb: StartedVerb, name: string): Promise<ExecutionStatus | undefined>;
  /** When each execution that still runs was started, in epoch milliseconds; in no order. */
  running(verb: StartedVerb): Promise<readonly number[]>;
}
