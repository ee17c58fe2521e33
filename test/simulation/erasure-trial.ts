/** One deletion of an entangled account, attempt by attempt, and what must hold after each. */
import { expect } from 'vitest';
import { uploadKey } from '../../functions/contract/key-layout.ts';
import { readAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { Crashes, type CrashPoint } from '../models/faulty.ts';
import { certificateOf } from './doomed-account.ts';
import {
  DOOMED,
  type Entangled,
  handOver,
  makeEntangled,
  NEIGHBOUR,
  putLate,
} from './entangled-account.ts';
import { ErasureWitness } from './erasure-witness.ts';
import { allBut, leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import { CLASSES, type Invocation, type World } from './world.ts';

const ADDRESSES = [DOOMED, `alias-of-${DOOMED}`];

interface Crash {
  /** Which change of the attempt, from 1. */
  readonly call: number;
  readonly point: CrashPoint;
}

/** Where a step dies for good: its retries die as well, so the attempt fails. */
export interface Death extends Crash {
  /** The attempt cannot even write down that it failed. */
  readonly silent: boolean;
}

interface Attempt {
  readonly death?: Death;
  /** Where a step dies once: the machine tries it again. */
  readonly stumble?: Crash;
  /** Settling times during which a late object comes; none when missing. */
  readonly lateSettles?: number;
  /** Told of each state that is entered. */
  readonly onState?: (name: string) => void;
}

export class ErasureTrial {
  readonly entangled: Entangled;
  readonly world: World;
  readonly operationId: string;
  readonly witness: ErasureWitness;
  /** Every invocation of all attempts. */
  readonly delivered: Invocation[] = [];
  /** Changes that the steps of the last attempt made. */
  changes = 0;
  /** What runs beside the machine. It ends within the settling time, as whatever a function does. */
  readonly #beside: Promise<unknown>[] = [];
  readonly #accountId: string;
  readonly #before: unknown;
  #putsLate = 0;
  #isUploaded = false;

  private constructor(entangled: Entangled, operationId: string) {
    const { account, world } = entangled;
    const { accountId } = account;
    this.entangled = entangled;
    this.world = world;
    this.operationId = operationId;
    this.#accountId = accountId;
    this.#before = this.#own();
    this.witness = new ErasureWitness(world, { accountId, addresses: ADDRESSES, operationId });
  }

  static async begin(): Promise<ErasureTrial> {
    const entangled = await makeEntangled();
    const { ports, clock } = entangled.world;
    const request = { user: DOOMED, allowUnknownUser: false, requestedBy: 'test' };
    const { operationId } = await requestDeletion(ports, request, clock.now() + 10_000);
    return new ErasureTrial(entangled, operationId);
  }

  /** Runs the attempt that was started last to its end. */
  async attempt(given: Attempt = {}): Promise<'SUCCEEDED' | 'FAILED'> {
    const { world } = this;
    const { death, stumble, lateSettles = 0 } = given;
    const started = world.workflows.starts().at(-1);
    if (started === undefined) throw new Error('no execution was started');
    const crashes = new Crashes(death);
    const isSpared = (token: string) =>
      death?.silent === false && token === 'RecordFailureFunctionArn';
    let settles = 0;
    const { status } = await world.run(started.input as object, {
      execution: started.name,
      ...(stumble === undefined ? {} : { crash: stumble }),
      outage: {
        wrapAll: (token: string, ports: Ports): Ports =>
          isSpared(token) ? ports : crashes.wrapAll({ ...this.#settled(token, ports) }),
      },
      onState: (name) => {
        given.onState?.(name);
        if (name !== 'Settle') return;
        this.#endUpload();
        if (settles < lateSettles) this.putLate();
        settles += 1;
      },
    });
    this.changes = crashes.calls;
    this.delivered.push(...world.invocations);
    const ended = status === 'SUCCEEDED' ? 'succeeded' : 'failed';
    world.workflows.setStatus('delete-account', started.name, ended);
    return status;
  }

  async resume(): Promise<void> {
    await resumeOperation(this.world.ports, this.operationId, this.world.clock.now() + 10_000);
  }

  /** Goes on after an attempt that failed, unless all that it could not do was to say so. */
  async resumeToEnd(): Promise<void> {
    if (await this.isOver()) return;
    await this.expectFailed();
    await this.resume();
    expect(await this.attempt()).toBe('SUCCEEDED');
  }

  /** An execution that died after its last write has ended the operation all the same. */
  async isOver(): Promise<boolean> {
    const { state } = await requireOperation(this.world.rows, this.operationId);
    return state === 'succeeded';
  }

  /** Lets something run beside the machine. */
  beside<T>(work: Promise<T>): Promise<T | Error> {
    const settled = work.catch((error: Error) => error);
    this.#beside.push(settled);
    return settled;
  }

  /** Waits for what runs beside the machine. */
  async besideEnded(): Promise<void> {
    await Promise.all(this.#beside);
  }

  /** An object comes that somebody put past the fence. */
  putLate(): void {
    void putLate(this.world, this.#accountId, `a${this.#putsLate.toString(16)}`);
    this.#putsLate += 1;
  }

  /** Everything is there until the fence stands, the address is the account's, nothing is certified. */
  async expectFailed(): Promise<void> {
    if (!this.witness.isFenced) expect(this.#own()).toEqual(this.#before);
    await this.expectUncertified();
    await this.expectHandOversRefused();
  }

  async expectUncertified(): Promise<void> {
    const { ports, rows } = this.world;
    await expect(readCertificate(ports, this.operationId)).rejects.toMatchObject({
      name: 'CertificateMissingError',
    });
    expect(this.witness.freed).toEqual([]);
    const again = createAccount(ports, CLASSES, { user: DOOMED });
    await expect(again).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect(await readAccount(rows, this.#accountId)).toMatchObject({ user: DOOMED });
  }

  /** Nothing of it is there; the certificate says what went, and by how many attempts. */
  async expectErased(): Promise<void> {
    const { world, operationId, witness } = this;
    expect(leftOf(world, this.#accountId)).toEqual([]);
    expect(witness.madeBehindFence).toEqual([]);
    expect(witness.lasting()).toEqual([]);
    expect(JSON.stringify(world.rows.rows())).not.toContain(DOOMED);
    const { erased, attempts } = await certificateOf(world, operationId);
    expect(erased).toEqual(witness.gone);
    const { attempt, state } = await requireOperation(world.rows, operationId);
    expect({ state, attempt }).toEqual({ state: 'succeeded', attempt: attempts });
    expect(witness.freed).toEqual(ADDRESSES.map(() => 'succeeded'));
    await this.expectHandOversRefused();
  }

  /** Whoever gets the address next keeps it, whatever of the old deletion comes late. */
  async expectFreeForGood(): Promise<void> {
    const { world } = this;
    const next = await createAccount(world.ports, CLASSES, { user: DOOMED });
    const rows = world.rows.rows();
    await expect(this.resume()).rejects.toMatchObject({ name: 'OperationFinishedError' });
    for (const { name, input } of world.workflows.starts()) {
      if (name.startsWith(this.operationId)) await world.run(input as object, { execution: name });
    }
    expect(world.rows.rows()).toEqual(rows);
    expect(await readAccount(world.rows, next.accountId)).toMatchObject({ state: 'active' });
  }

  /** Everything that is not the account's. */
  others(): unknown {
    return allBut(this.world, this.#accountId);
  }

  /** Requests of hand-overs that come again find an account that goes, or has gone. */
  async expectHandOversRefused(): Promise<void> {
    const { leaving, arriving, world } = this.entangled;
    const account = await readAccount(world.rows, this.#accountId);
    if (account?.state === 'active') return;
    for (const [from, deletionId, to] of [
      [DOOMED, leaving, NEIGHBOUR],
      [NEIGHBOUR, arriving, DOOMED],
    ] as const) {
      await expect(handOver(world.ports, from, deletionId, to)).rejects.toMatchObject({
        name: expect.stringMatching(/^(AccountNotActive|UnknownUser)Error$/),
      });
    }
  }

  /** Verification begins after the settling time: whatever ran beside has ended by then. */
  #settled(token: string, ports: Ports): Ports {
    if (token !== 'VerifyErasureFunctionArn' || this.#beside.length === 0) return ports;
    const ended = this.besideEnded();
    return { ...ports, rows: waiting(ports.rows, () => ended) };
  }

  /** The PUT of the upload ends, which had begun before the fence. */
  #endUpload(): void {
    if (this.#isUploaded) return;
    this.#isUploaded = true;
    const key = uploadKey(this.#accountId, this.entangled.uploadId);
    void this.world.objects.put(key, mail('late'));
  }

  /** All of its mail and what leads to it. */
  #own(): unknown {
    const isOwn = (text: string) => text.includes(this.#accountId);
    const rows = this.world.rows.rows('dictmap').filter(({ key }) => isOwn(key.pk));
    const versions = this.world.objects.versions().filter(({ key }) => isOwn(key));
    return { rows: structuredClone(rows), versions };
  }
}

/** A port each call of which waits for something first. */
export function waiting<Port extends object>(port: Port, first: () => Promise<unknown>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        await first();
        return await member.apply(target, args);
      };
    },
  });
}
