import {
  DescribeExecutionCommand,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { StartedVerb } from '../contract/machines.ts';
import type { ExecutionStatus, Workflows } from '../core/ports/workflows.ts';
import { answered, faultName } from './store-faults.ts';

const STATUSES: Readonly<Record<string, ExecutionStatus>> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'failed',
};

/** Executions of Standard state machines. */
export class SfnWorkflows implements Workflows {
  readonly #client: SFNClient;
  readonly #machineArns: Readonly<Partial<Record<StartedVerb, string>>>;

  constructor(options: {
    readonly client: SFNClient;
    readonly machineArns: Readonly<Partial<Record<StartedVerb, string>>>;
  }) {
    this.#client = options.client;
    this.#machineArns = options.machineArns;
  }

  #arn(verb: StartedVerb): string {
    const arn = this.#machineArns[verb];
    if (arn === undefined) throw new Error(`this function is not told of the machine of ${verb}`);
    return arn;
  }

  /**
   * Step Functions remembers a name for 90 days after the execution has ended. While it runs, a
   * second start with the same input succeeds and starts nothing, and cannot be told from the
   * first; that also makes the client's retries safe.
   */
  async start(verb: StartedVerb, name: string, input: object): Promise<'started' | 'exists'> {
    const command = new StartExecutionCommand({
      stateMachineArn: this.#arn(verb),
      name,
      input: JSON.stringify(input),
    });
    try {
      await answered(`starting ${verb}`, () => this.#client.send(command));
      return 'started';
    } catch (error) {
      if (faultName(error) === 'ExecutionAlreadyExists') return 'exists';
      throw error;
    }
  }

  async status(verb: StartedVerb, name: string): Promise<ExecutionStatus | undefined> {
    const command = new DescribeExecutionCommand({
      executionArn: executionArn(this.#arn(verb), name),
    });
    try {
      const answer = await answered(`reading ${verb}`, () => this.#client.send(command));
      const status = STATUSES[answer.status ?? ''];
      if (status === undefined) throw new Error(`unknown execution status ${answer.status}`);
      return status;
    } catch (error) {
      if (faultName(error) === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  }

  /** A page holds 1,000, and the newest come first: the oldest is on the last page. */
  async running(verb: StartedVerb): Promise<readonly number[]> {
    const input = {
      stateMachineArn: this.#arn(verb),
      statusFilter: 'RUNNING',
      maxResults: 1000,
    } as const;
    return await answered(`listing executions of ${verb}`, async () => {
      const started: number[] = [];
      // Bounded by what may run at once: a million executions of an account.
      for await (const page of paginateListExecutions({ client: this.#client }, input)) {
        for (const { startDate } of page.executions ?? []) {
          if (startDate !== undefined) started.push(startDate.getTime());
        }
      }
      return started;
    });
  }
}

/**
 * `arn:<partition>:states:<region>:<account>:stateMachine:<machine>` becomes
 * `arn:<partition>:states:<region>:<account>:execution:<machine>:<name>`.
 */
export function executionArn(machineArn: string, name: string): string {
  const parts = machineArn.split(':');
  if (parts.length !== 7 || parts[2] !== 'states' || parts[5] !== 'stateMachine') {
    throw new TypeError(`not the ARN of a state machine: ${machineArn}`);
  }
  return [...parts.slice(0, 5), 'execution', parts[6], name].join(':');
}
