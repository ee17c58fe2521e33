/**
 * A whole Lethe in memory: the real machine and the real core over the models, on a virtual clock.
 * Steps can crash at any change they make, and can be delivered twice or late.
 */

import type { MailServer } from '../../functions/contract/mail-servers.ts';
import type { OperationContext } from '../../functions/contract/payloads.ts';
import { certifyErasure } from '../../functions/core/erasure/certify-erasure.ts';
import { clearCaches } from '../../functions/core/erasure/clear-caches.ts';
import { disableUser } from '../../functions/core/erasure/disable-user.ts';
import { eraseAccountRows } from '../../functions/core/erasure/erase-account-rows.ts';
import { eraseRange } from '../../functions/core/erasure/erase-range.ts';
import { fenceAccount } from '../../functions/core/erasure/fence-account.ts';
import { beginGrace } from '../../functions/core/erasure/grace.ts';
import { planErasure } from '../../functions/core/erasure/plan.ts';
import { releaseAddress } from '../../functions/core/erasure/release-address.ts';
import { resolveAccount } from '../../functions/core/erasure/resolve-account.ts';
import { verifyErasure } from '../../functions/core/erasure/verify-erasure.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import { meteredStep } from '../../functions/core/operations/metered-step.ts';
import { recordFailure } from '../../functions/core/operations/record-failure.ts';
import type { MailServers } from '../../functions/core/ports/mail-servers.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { kickSessions } from '../../functions/core/sessions/kick-sessions.ts';
import { waitForSessions } from '../../functions/core/sessions/wait-for-sessions.ts';
import { Crashes, type CrashPoint } from '../models/faulty.ts';
import { MemoryEvidenceStore } from '../models/memory-evidence-store.ts';
import { MemoryMailServers } from '../models/memory-mail-servers.ts';
import { MemoryObjectStore } from '../models/memory-object-store.ts';
import type { RowChange } from '../models/memory-row-changes.ts';
import { MemoryRowStore } from '../models/memory-row-store.ts';
import { MemorySigner } from '../models/memory-signer.ts';
import { MemoryWorkflows } from '../models/memory-workflows.ts';
import { meteredPorts } from '../models/metered-ports.ts';
import type { Outage } from '../models/outage.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { VirtualClock } from '../models/virtual-clock.ts';
import { loadMachine, type MachineRun, runMachine } from './asl-interpreter.ts';
import { Reconciler } from './reconciler.ts';

const MACHINE = loadMachine('statemachines/delete-account.asl.json', {
  EraseRangesMaxConcurrency: 8,
});

/** r14 is a class that is deployed no more: keys under it still exist. */
export const CLASSES_EVER = ['r7', 'r14', 'r30', 'keep'];
export const CLASSES = { names: ['r7', 'r30', 'keep'], fallback: 'r30' };

/** More than any run here takes: about 200 states for some hundred messages. */
const TRANSITIONS_MAX = 5000;

/** Virtual time that one invocation may take before it answers `again`. */
const INVOCATION_MS = 255_000;

const MEMORY_MB = 1024;
const OUTLIVING = { recoveryDays: 35, logRetentionDays: 30, reservationDays: 0 };
export const ERASURE = { classes: CLASSES_EVER, memoryMb: MEMORY_MB, ...OUTLIVING };
const SETTLE_SECONDS = 1800;
const SESSIONS = { sessionDeadlineSeconds: 600 };
const CERTIFICATE = {
  ...OUTLIVING,
  evidenceLockDays: 400,
};

type Payload = { readonly operation: OperationContext };
type Step = (ports: Ports, payload: never, until: number) => Promise<unknown>;

/** What the handlers do, by the token of their function. */
const STEPS: Readonly<Record<string, Step>> = {
  ResolveAccountFunctionArn: (ports, payload) => resolveAccount(ports, ERASURE, payload),
  DisableUserFunctionArn: (ports, { operation }: Payload) => disableUser(ports, operation),
  KickSessionsFunctionArn: (ports, { operation }: Payload) =>
    kickSessions(ports, SESSIONS, operation),
  WaitForSessionsFunctionArn: (ports, { operation }: Payload) =>
    waitForSessions(ports, SESSIONS, operation),
  BeginGraceFunctionArn: (ports, { operation }: Payload) => beginGrace(ports, operation),
  FenceAccountFunctionArn: (ports, { operation }: Payload, until) =>
    fenceAccount(ports, operation, until),
  PlanErasureFunctionArn: (ports, { operation }: Payload) =>
    planErasure(ports, SETTLE_SECONDS, operation),
  EraseRangeFunctionArn: (ports, payload, until) => eraseRange(ports, ERASURE, payload, until),
  ClearCachesFunctionArn: (ports, { operation }: Payload) => clearCaches(ports, operation),
  EraseAccountRowsFunctionArn: (ports, payload, until) => eraseAccountRows(ports, payload, until),
  VerifyErasureFunctionArn: (ports, payload, until) =>
    verifyErasure(ports, ERASURE, payload, until),
  RecordFailureFunctionArn: (ports, payload) => recordFailure(ports, payload),
};

/** `EraseRangeFunctionArn` is the token of the handler `erase-range`. */
const stepName = (token: string): string =>
  token
    .replace(/FunctionArn$/, '')
    .replace(/(?<!^)[A-Z]/g, '-$&')
    .toLowerCase();

interface Crash {
  /** Which change of the whole run, from 1. */
  readonly call: number;
  readonly point: CrashPoint;
}

export interface RunOptions {
  readonly execution?: string;
  readonly crash?: Crash;
  /** Delivers every step twice: one after the other, or both at once. */
  readonly twice?: 'inTurn' | 'atOnce';
  readonly onState?: (name: string) => void;
  /** What stands between the ports and the steps: for instance an outage. */
  readonly outage?: Pick<Outage, 'wrapAll'>;
}

export interface Invocation {
  readonly token: string;
  readonly payload: unknown;
}

export class World {
  /** Is told of every change of a row, in order. */
  watch: ((change: RowChange) => void) | undefined;
  readonly rows = new MemoryRowStore({
    changed: (change) => {
      this.reconciler.listen(change);
      this.watch?.(change);
    },
  });
  readonly objects: MemoryObjectStore;
  readonly clock = new VirtualClock('2026-11-22T00:00:00Z');
  readonly evidence = new MemoryEvidenceStore(this.clock);
  readonly workflows = new MemoryWorkflows(this.clock);
  readonly mailServers: MemoryMailServers;
  readonly ids: SeededIds;
  readonly ports: Ports;
  /** Holds the records of the dictmap's stream: nothing is delivered unless a test does it. */
  readonly reconciler: Reconciler;
  /** Every invocation of the last run, in order. */
  invocations: Invocation[] = [];
  /** Changes that the steps of the last run made. */
  changes = 0;
  readonly #metered: boolean;
  readonly #steps: Readonly<Record<string, Step>>;
  #billed = 0;

  /** `metered`: each invocation leaves a row that says what it was billed for, as deployed. */
  constructor(
    options: {
      readonly seed?: number;
      readonly pageEntries?: number;
      readonly metered?: boolean;
      /** Seed that draws how full pages of lists are; full ones when missing. */
      readonly shortPages?: number;
      /** How long addresses that are given up are reserved. */
      readonly reservationDays?: number;
      /** None when missing. */
      readonly servers?: readonly MailServer[];
      /** Instead of the model, for instance real ones. */
      readonly mailServers?: MailServers;
    } = {},
  ) {
    this.#metered = options.metered ?? false;
    const reservation = { reservationDays: options.reservationDays ?? OUTLIVING.reservationDays };
    this.#steps = {
      ...STEPS,
      CertifyErasureFunctionArn: (ports, { operation }: Payload) =>
        certifyErasure(ports, { ...CERTIFICATE, ...reservation }, operation),
      ReleaseAddressFunctionArn: (ports, { operation }: Payload) =>
        releaseAddress(ports, reservation, operation),
    };
    this.ids = new SeededIds(options.seed ?? 1);
    this.objects = new MemoryObjectStore({
      pageEntries: options.pageEntries ?? 7,
      ...(options.shortPages === undefined
        ? {}
        : { shortPages: new SeededIds(options.shortPages) }),
      clock: this.clock,
    });
    this.mailServers = new MemoryMailServers(options.servers ?? []);
    const { rows, objects, evidence, workflows, clock, ids } = this;
    const mailServers = options.mailServers ?? this.mailServers;
    const signer = new MemorySigner();
    this.ports = { rows, objects, evidence, workflows, mailServers, clock, ids, signer };
    this.reconciler = new Reconciler({ rows, objects, clock, ids });
  }

  /** Runs an execution of the machine to its end. */
  async run(input: object, options: RunOptions = {}): Promise<MachineRun> {
    this.invocations = [];
    this.changes = 0;
    return await runMachine({
      definition: MACHINE,
      input,
      clock: this.clock,
      executionName: options.execution ?? 'by-hand',
      maxTransitions: TRANSITIONS_MAX,
      invoke: (token, payload) => this.#deliver(token, payload, options),
      ...(options.onState === undefined ? {} : { onState: options.onState }),
    });
  }

  /** Delivers an invocation again, as a queue or a service may do at any later time. */
  async redeliver({ token, payload }: Invocation, ports = this.ports): Promise<unknown> {
    return await this.#invoke(token, payload, ports);
  }

  async #deliver(token: string, payload: unknown, options: RunOptions): Promise<unknown> {
    this.invocations.push({ token, payload });
    const { crash, twice } = options;
    if (twice === 'inTurn') await this.#invoke(token, payload, this.ports);
    if (twice === 'atOnce') {
      const both = [0, 1].map(() => this.#invoke(token, payload, this.ports));
      const answers = await Promise.allSettled(both);
      const answered = answers.find((answer) => answer.status === 'fulfilled');
      if (answered?.status === 'fulfilled') return answered.value;
      throw (answers[0] as PromiseRejectedResult).reason;
    }
    const left = (crash?.call ?? Number.POSITIVE_INFINITY) - this.changes;
    const process = new Crashes(
      crash === undefined || left < 1 ? undefined : { call: left, point: crash.point },
    );
    try {
      const ports = options.outage?.wrapAll(token, this.ports) ?? this.ports;
      return await this.#invoke(token, payload, process.wrapAll({ ...ports }));
    } finally {
      this.changes += process.calls;
    }
  }

  async #invoke(token: string, payload: unknown, ports: Ports): Promise<unknown> {
    const step = this.#steps[token];
    if (step === undefined) throw new Error(`no step has the token ${token}`);
    const until = this.clock.now() + INVOCATION_MS;
    if (!this.#metered) return await step(ports, payload as never, until);
    this.#billed += 1;
    const meter = new Meter();
    const own = meteredPorts(ports, meter);
    const invocation = {
      step: stepName(token),
      id: String(this.#billed),
      memoryMb: MEMORY_MB,
      initMs: 0,
      operation: (payload as Partial<Payload>).operation,
      onLost: (fault: unknown) => {
        throw fault;
      },
    };
    const run = () => step(own, payload as never, until);
    return await meteredStep(ports, meter, invocation, run);
  }
}
