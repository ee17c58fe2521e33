/** A deployment on an embedded AWS, asked as a caller would ask it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SignedTransport } from '../../cli/api/transport.ts';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import type { OperationAnswer } from '../../functions/contract/api.ts';
import { LOCAL_REGION, ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import type { Instance } from '../../local/instance.ts';
import {
  atOtherTime,
  readClock,
  setClockOffset,
  waitUntilIdle,
} from '../../local/instance-clock.ts';
import { sdkClients } from '../sdk-clients.ts';
import type { Ask, Reply, Target } from './target.ts';

/** Scenarios begin at 20 past an hour of these of UTC: see `begin`. */
const HOURS = { first: 10, last: 14 } as const;
const BEGIN_MINUTE = 20;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const POLL_MS = 50;
/** Every half second: MiniStack waits up to 250 ms for what a function logs, by its own clock. */
const POLLS_PER_HOLD = 10;
/**
 * Rules count whole seconds. Mail was saved a little after its step began: what is due to the second
 * is due at this much more, and nothing else is.
 */
const SWEEP_LATE_MS = 300;
const SWEEP_DEADLINE_MS = 180_000;

export class EmbeddedTarget implements Target {
  readonly directory: string;
  readonly name = 'embedded';
  readonly rows: DynamoDbRowStore;
  readonly objects: S3ObjectStore;
  readonly #instance: Pick<Instance, 'directory' | 'outputs' | 'credentials'>;
  readonly #transport: SignedTransport;
  readonly #clients: ReturnType<typeof sdkClients>;
  #nowMs = Date.now();
  /** How far the instance's clock was ahead before the first scenario. */
  #offsetSeconds: number | undefined;

  constructor(instance: Pick<Instance, 'directory' | 'outputs' | 'credentials'>) {
    const { outputs, credentials } = instance;
    const { endpoint, caFile } = outputs;
    this.#instance = instance;
    this.directory = instance.directory;
    this.#clients = sdkClients({ endpoint, caFile, region: LOCAL_REGION, ...ROOT_CREDENTIALS });
    const tableNames = { registry: outputs.registryTable, dictmap: outputs.dictmapTable };
    this.rows = new DynamoDbRowStore({
      client: this.#clients.dynamoDb,
      tableNames,
      clock: new SystemClock(),
      ids: new CryptoIds(),
    });
    this.objects = new S3ObjectStore({ client: this.#clients.s3, bucket: outputs.mailBucket });
    this.#transport = new SignedTransport({
      url: new URL(outputs.apiUrl),
      region: outputs.region,
      ca: readFileSync(caFile, 'utf8'),
      credentials: async () => credentials,
    });
  }

  async ask({ method, path, query = {}, body }: Ask): Promise<Reply> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.#transport.send({ method, path, query, ...sent });
    const text = answer.body.toString();
    const isJson = /[/+]json\b/.test(answer.headers['content-type'] ?? '');
    return { status: answer.status, text, json: isJson ? JSON.parse(text) : undefined };
  }

  now(): number {
    return this.#nowMs;
  }

  /**
   * Far from the full hour, at which schedules run that a scenario knows nothing of, and far from
   * midnight: `calendarDaysAgo` 0 and 1 are today and yesterday for what is some hours old.
   */
  async begin(): Promise<void> {
    const { nowMs, offsetSeconds } = await readClock(this.#instance.directory);
    this.#offsetSeconds ??= offsetSeconds;
    const midnight = Math.floor(nowMs / DAY_MS) * DAY_MS;
    const hour = Math.ceil((nowMs - midnight - BEGIN_MINUTE * MINUTE_MS) / HOUR_MS);
    const days = hour > HOURS.last ? 1 : 0;
    const begin = days === 1 ? HOURS.first : Math.max(hour, HOURS.first);
    this.#nowMs = midnight + days * DAY_MS + begin * HOUR_MS + BEGIN_MINUTE * MINUTE_MS;
  }

  hold(): Promise<void> {
    return this.#setTime(this.#nowMs);
  }

  async #setTime(time: number): Promise<void> {
    const offsetSeconds = (time - Date.now()) / 1000;
    await setClockOffset(this.#instance.directory, offsetSeconds, { keepSchedules: true });
  }

  async advance(seconds: number): Promise<void> {
    await this.settle();
    this.#nowMs += seconds * 1000;
    await this.hold();
  }

  async earlier<T>(seconds: number, act: () => Promise<T>): Promise<T> {
    return await atOtherTime(this.#instance.directory, -seconds, act);
  }

  async autoexpunge(_accountId: string, user: string): Promise<void> {
    const { sfn } = this.#clients;
    const sweepsAt = this.#nowMs + SWEEP_LATE_MS;
    await this.#setTime(sweepsAt);
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: this.#instance.outputs.stateMachines['autoexpunge'],
        input: JSON.stringify({ user }),
      }),
    );
    const end = Date.now() + SWEEP_DEADLINE_MS;
    for (let polls = 1; Date.now() < end; polls += 1) {
      const { status, output, cause } = await sfn.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (status === 'SUCCEEDED') return;
      if (status !== 'RUNNING') throw new Error(`autoexpunge ${status}: ${cause ?? output}`);
      // What the sweep takes must not make mail due that is not.
      if (polls % POLLS_PER_HOLD === 0) await this.#setTime(sweepsAt);
      await sleep(POLL_MS);
    }
    throw new Error(`autoexpunge did not end within ${SWEEP_DEADLINE_MS} ms`);
  }

  /** The door has started it. */
  async purge(operationId: string): Promise<void> {
    const path = ['v1', 'operations', operationId];
    const end = Date.now() + SWEEP_DEADLINE_MS;
    while (Date.now() < end) {
      const { json } = await this.ask({ method: 'GET', path });
      const { state, error } = json as OperationAnswer;
      if (state === 'succeeded') return;
      if (state === 'failed') throw new Error(`purge-mailboxes: ${error?.message}`);
      await sleep(POLL_MS);
    }
    throw new Error(`purge-mailboxes did not end within ${SWEEP_DEADLINE_MS} ms`);
  }

  async settle(): Promise<void> {
    if (await waitUntilIdle(this.#instance.directory)) return;
    throw new Error('functions did not follow the changes of rows within a minute');
  }

  /** Sets the clock back: others live by it. */
  async close(): Promise<void> {
    const offsetSeconds = this.#offsetSeconds;
    if (offsetSeconds !== undefined) {
      await this.settle();
      await setClockOffset(this.#instance.directory, offsetSeconds, { keepSchedules: true });
    }
    this.#clients.destroy();
  }
}
