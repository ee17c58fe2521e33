/**
 * The dictmap's stream and the functions behind it, over the models: a test holds the records and
 * delivers them in any order, late, twice or never, and may let a delivery crash.
 */
import { STREAM_FILTERS } from '../../functions/contract/reconcile.ts';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import { reconcileOrPostpone, retryRows } from '../../functions/core/objects/reconcile-rows.ts';
import type { Ids } from '../../functions/core/ports/ids.ts';
import type { ObjectStore } from '../../functions/core/ports/object-store.ts';
import type { Attributes, RowStore } from '../../functions/core/ports/row-store.ts';
import { Crashes, type CrashPoint } from '../models/faulty.ts';
import { MemoryRetryQueue } from '../models/memory-retry-queue.ts';
import type { RowChange } from '../models/memory-row-changes.ts';
import type { VirtualClock } from '../models/virtual-clock.ts';
import { matchesPattern } from './stream-pattern.ts';

/** A record of the stream that passes the filters. */
export interface StreamRecord {
  readonly id: number;
  readonly key: RowKey;
}

interface ReconcilerPorts {
  readonly rows: RowStore;
  readonly objects: ObjectStore;
  readonly clock: VirtualClock;
  readonly ids: Ids;
}

export interface DeliveryOptions {
  /** Crashes at the change of this number, from 1, that the delivery makes. */
  readonly crash?: { readonly call: number; readonly point: CrashPoint };
}

/** Virtual time that one delivery may take; a function has 60 s less its reserve. */
const DELIVERY_MS = 40_000;

/** Bounds the settling of a test: far more rounds than any needs. */
const ROUNDS_MAX = 1000;

export class Reconciler {
  readonly retries: MemoryRetryQueue;
  /** Faults of rows that could not be followed, in order. */
  readonly faults: unknown[] = [];
  readonly #ports: ReconcilerPorts;
  readonly #pending = new Map<number, StreamRecord>();
  #made = 0;

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
    this.retries = new MemoryRetryQueue(ports.clock);
  }

  /** For `changed` of MemoryRowStore. */
  readonly listen = (change: RowChange): void => {
    const { key, before, after } = change;
    if (key.table !== 'dictmap') return;
    const image = {
      eventName: after === undefined ? 'REMOVE' : before === undefined ? 'INSERT' : 'MODIFY',
      dynamodb: after === undefined ? {} : { NewImage: texts(after) },
    };
    if (!STREAM_FILTERS.some((pattern) => matchesPattern(image, pattern))) return;
    this.#made += 1;
    this.#pending.set(this.#made, { id: this.#made, key });
  };

  /** Records that were never delivered to the end, oldest first. */
  pendingRecords(): readonly StreamRecord[] {
    return [...this.#pending.values()];
  }

  /**
   * Delivers a record, pending or not. One whose delivery crashes stays pending.
   * @throws CrashError
   */
  async deliver(record: StreamRecord, options: DeliveryOptions = {}): Promise<void> {
    const { clock } = this.#ports;
    const until = clock.now() + DELIVERY_MS;
    const ports = this.#portsOf(options);
    await reconcileOrPostpone(ports, [record.key], until, (_, fault) => this.faults.push(fault));
    this.#pending.delete(record.id);
  }

  /** Works off the messages of the retry queue that are not hidden. @throws CrashError */
  async deliverRetries(options: DeliveryOptions = {}): Promise<void> {
    const messages = this.retries.receive();
    const settings = { firstWaitSeconds: 60, until: this.#ports.clock.now() + DELIVERY_MS };
    const { stay } = await retryRows(this.#portsOf(options), messages, settings, (_, fault) =>
      this.faults.push(fault),
    );
    for (const { id } of messages) if (!stay.includes(id)) this.retries.remove(id);
  }

  /** Delivers everything, those records too that come of it, and lets time pass for retries. */
  async settle(): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const [record] = this.pendingRecords();
      if (record !== undefined) await this.deliver(record);
      else if (this.retries.waiting().length === 0) return;
      else {
        await this.deliverRetries();
        this.#ports.clock.advance(60_000);
      }
    }
    throw new Error(`records are left after ${ROUNDS_MAX} deliveries`);
  }

  #portsOf({ crash }: DeliveryOptions) {
    const { rows, objects, clock, ids } = this.#ports;
    const ports = { rows, objects, clock, ids, retries: this.retries };
    return crash === undefined ? ports : new Crashes(crash).wrapAll(ports);
  }
}

/** The attributes that filters look at: texts, as DynamoDB writes them down. */
function texts(attributes: Attributes): Record<string, { readonly S: string }> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, { S: value }]] : [],
    ),
  );
}
