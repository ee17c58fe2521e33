/** The doors in this process, over the models, on a clock that stands still. */
import { sweepAccounts } from '../../functions/core/autoexpunge/sweep-accounts.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { makeMailApi } from '../../functions/handlers/mail-api.ts';
import { makeProvisioningApi } from '../../functions/handlers/provisioning-api.ts';
import { MemoryEvidenceStore } from '../models/memory-evidence-store.ts';
import { MemoryMailServers } from '../models/memory-mail-servers.ts';
import { MemoryObjectStore } from '../models/memory-object-store.ts';
import { MemoryRowStore } from '../models/memory-row-store.ts';
import { MemorySigner } from '../models/memory-signer.ts';
import { MemoryWorkflows } from '../models/memory-workflows.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { VirtualClock } from '../models/virtual-clock.ts';
import { Reconciler } from '../simulation/reconciler.ts';
import { purgeHere } from './purge-here.ts';
import type { Ask, Reply, Target } from './target.ts';

/** As in a deployment: a scenario decides what ends when, so its accounts get the longest class. */
const RETENTION_DAYS = { r30: 30, r365: 365 };
const CLASSES = { names: Object.keys(RETENTION_DAYS), fallback: 'r30' };
const OUTLIVING = { recoveryDays: 35, logRetentionDays: 30, reservationDays: 0 };
const ERASURE = { classes: CLASSES.names, memoryMb: 1024, ...OUTLIVING };

/** Noon: `calendarDaysAgo` 0 and 1 are then today and yesterday for what is some hours old. */
const START = '2026-11-22T12:20:00Z';

/** Virtual time that one sweep may take. */
const SWEEP_MS = 60_000;

/** A clock that can also stand in the past for a while: for mail that was saved there. */
class ReplayClock extends VirtualClock {
  #behindMs = 0;

  override now(): number {
    return super.now() - this.#behindMs;
  }

  async behind<T>(seconds: number, act: () => Promise<T>): Promise<T> {
    this.#behindMs = seconds * 1000;
    try {
      return await act();
    } finally {
      this.#behindMs = 0;
    }
  }
}

export class MemoryTarget implements Target {
  readonly name = 'memory';
  readonly rows: MemoryRowStore;
  readonly objects = new MemoryObjectStore();
  readonly #clock = new ReplayClock(START);
  readonly #reconciler: Reconciler;
  readonly #ports: Ports;
  readonly #mail: ReturnType<typeof makeMailApi>;
  readonly #provisioning: ReturnType<typeof makeProvisioningApi>;

  constructor() {
    this.rows = new MemoryRowStore({ changed: (change) => this.#reconciler.listen(change) });
    const clock = this.#clock;
    const common = { rows: this.rows, objects: this.objects, clock, ids: new SeededIds(1) };
    this.#reconciler = new Reconciler(common);
    this.#ports = {
      ...common,
      evidence: new MemoryEvidenceStore(clock),
      workflows: new MemoryWorkflows(clock),
      mailServers: new MemoryMailServers([]),
      signer: new MemorySigner(),
    };
    this.#mail = makeMailApi(() => ({
      ports: this.#ports,
      deployment: {},
      retentionDays: RETENTION_DAYS,
    }));
    this.#provisioning = makeProvisioningApi(() => ({
      ports: this.#ports,
      classes: CLASSES,
      erasure: ERASURE,
      mailSettings: {},
    }));
  }

  async ask({ method, path, query = {}, body }: Ask): Promise<Reply> {
    const door = path.length < 4 ? this.#provisioning : this.#mail;
    const search = new URLSearchParams(query).toString();
    const url = `/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await door.request(url, { method, ...sent });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
  }

  now(): number {
    return this.#clock.now();
  }

  async begin(): Promise<void> {}

  /** Here time stands still anyway. */
  async hold(): Promise<void> {}

  async advance(seconds: number): Promise<void> {
    this.#clock.advance(seconds * 1000);
  }

  async earlier<T>(seconds: number, act: () => Promise<T>): Promise<T> {
    return await this.#clock.behind(seconds, act);
  }

  async autoexpunge(accountId: string): Promise<void> {
    const config = { deployment: {}, retentionDays: RETENTION_DAYS, parallelAccounts: 1 };
    const until = this.#clock.now() + SWEEP_MS;
    const part = { kind: 'accounts', scope: { accountId } } as const;
    const payload = { part, dryRun: false, progress: null };
    const { outcome, progress } = await sweepAccounts(this.#ports, config, payload, until);
    if (outcome !== 'done' || progress.report.failed > 0) {
      throw new Error(`autoexpunge: ${JSON.stringify(progress.report)}`);
    }
  }

  async purge(operationId: string): Promise<void> {
    await purgeHere(this.#ports, operationId, RETENTION_DAYS);
  }

  async settle(): Promise<void> {
    await this.#reconciler.settle();
  }

  async close(): Promise<void> {}
}
