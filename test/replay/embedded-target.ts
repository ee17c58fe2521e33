/** A deployment on an embedded AWS, asked as a caller would ask it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SignedTransport } from '../../cli/api/transport.ts';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import { accountPrefixes } from '../../functions/contract/key-layout.ts';
import { LOCAL_REGION, ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import type { Instance } from '../../local/instance.ts';
import {
  atOtherTime,
  readClock,
  setClockOffset,
  waitUntilIdle,
} from '../../local/instance-clock.ts';
import type { S3Target } from '../models/s3-target.ts';
import { sdkClients } from '../sdk-clients.ts';
import { EmbeddedS3Target } from './s3/embedded-s3-target.ts';
import type { Ask, Reply, Target } from './target.ts';

const CLASSES_EVER = ['r7', 'r30', 'r365', 'keep'];
const POLL_MS = 100;
const SWEEP_DEADLINE_MS = 60_000;

export class EmbeddedTarget implements Target {
  readonly name = 'embedded';
  readonly rows: DynamoDbRowStore;
  readonly #instance: Pick<Instance, 'directory' | 'outputs' | 'credentials'>;
  readonly #transport: SignedTransport;
  readonly #clients: ReturnType<typeof sdkClients>;
  readonly #objects: S3ObjectStore;

  constructor(instance: Pick<Instance, 'directory' | 'outputs' | 'credentials'>) {
    const { outputs, credentials } = instance;
    const { endpoint, caFile } = outputs;
    this.#instance = instance;
    this.#clients = sdkClients({ endpoint, caFile, region: LOCAL_REGION, ...ROOT_CREDENTIALS });
    const tableNames = { registry: outputs.registryTable, dictmap: outputs.dictmapTable };
    this.rows = new DynamoDbRowStore({
      client: this.#clients.dynamoDb,
      tableNames,
      clock: new SystemClock(),
      ids: new CryptoIds(),
    });
    this.#objects = new S3ObjectStore({ client: this.#clients.s3, bucket: outputs.mailBucket });
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

  async now(): Promise<number> {
    return (await readClock(this.#instance.directory)).nowMs;
  }

  async advance(seconds: number): Promise<void> {
    const { directory } = this.#instance;
    await waitUntilIdle(directory);
    const { offsetSeconds } = await readClock(directory);
    await setClockOffset(directory, offsetSeconds + seconds, { keepSchedules: true });
  }

  async earlier<T>(seconds: number, act: () => Promise<T>): Promise<T> {
    return await atOtherTime(this.#instance.directory, -seconds, act);
  }

  async autoexpunge(_accountId: string, user: string): Promise<void> {
    const { sfn } = this.#clients;
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: this.#instance.outputs.stateMachines['autoexpunge'],
        input: JSON.stringify({ user }),
      }),
    );
    const end = Date.now() + SWEEP_DEADLINE_MS;
    while (Date.now() < end) {
      const { status, output, cause } = await sfn.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (status === 'SUCCEEDED') return;
      if (status !== 'RUNNING') throw new Error(`autoexpunge ${status}: ${cause ?? output}`);
      await sleep(POLL_MS);
    }
    throw new Error(`autoexpunge did not end within ${SWEEP_DEADLINE_MS} ms`);
  }

  async settle(): Promise<void> {
    await waitUntilIdle(this.#instance.directory);
  }

  async bodies(accountId: string): Promise<readonly Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (const prefix of accountPrefixes(accountId, CLASSES_EVER)) {
      const { entries } = await this.#objects.listVersions(prefix);
      for (const { key, versionId, deleteMarker } of entries) {
        if (deleteMarker) continue;
        const stored = await this.#objects.get(key, versionId);
        if (stored !== undefined) found.push(stored.body);
      }
    }
    return found;
  }

  async bucket(): Promise<S3Target> {
    return await EmbeddedS3Target.open(this.#clients.s3, this.#instance.directory);
  }

  async close(): Promise<void> {
    this.#clients.destroy();
  }
}
