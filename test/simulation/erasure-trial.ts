/**
 * One deletion of an entangled account, attempt by attempt. Beside the machine it counts what goes
 * from the stores, and notes what comes behind the fence and what addresses become free.
 */
import { expect } from 'vitest';
import { uploadKey } from '../../functions/contract/key-layout.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { readAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import type { ListedVersion } from '../../functions/core/ports/object-store.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { Crashes, type CrashPoint } from '../models/faulty.ts';
import type { RowChange } from '../models/memory-row-changes.ts';
import { certificateOf } from './doomed-account.ts';
import {
  DOOMED,
  type Entangled,
  handOver,
  makeEntangled,
  NEIGHBOUR,
  putLate,
} from './entangled-account.ts';
import { allBut, leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import { CLASSES, type World } from './world.ts';

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
}

export class ErasureTrial {
  readonly entangled: Entangled;
  readonly world: World;
  readonly operationId: string;
  /** Changes that the steps of the last attempt made. */
  changes = 0;
  readonly #accountId: string;
  readonly #before: { readonly own: unknown; readonly versions: readonly ListedVersion[] };
  readonly #rowsGone: Record<string, number> = {};
  readonly #madeBehindFence: string[] = [];
  /** State of the operation at the moment at which each address became free. */
  readonly #freed: string[] = [];
  #isFenced = false;
  #putsLate = 0;

  private constructor(entangled: Entangled, operationId: string) {
    this.entangled = entangled;
    this.world = entangled.world;
    this.operationId = operationId;
    this.#accountId = entangled.account.accountId;
    const versions = this.#versions();
    this.#before = { own: this.#own(), versions };
    this.world.watch = (change) => this.#note(change);
  }

  static async begin(): Promise<ErasureTrial> {
    const entangled = await makeEntangled();
    const { ports, clock } = entangled.world;
    const request = { user: DOOMED, allowUnknownUser: false, requestedBy: 'test' };
    const { operationId } = await requestDeletion(ports, request, clock.now() + 10_000);
    return new ErasureTrial(entangled, operationId);
  }

  /** Runs the attempt that was started last to its end. */
  async attempt({
    death,
    stumble,
    lateSettles = 0,
  }: Attempt = {}): Promise<'SUCCEEDED' | 'FAILED'> {
    const { world } = this;
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
          isSpared(token) ? ports : crashes.wrapAll({ ...ports }),
      },
      onState: (name) => {
        if (name !== 'Settle') return;
        this.#endUpload();
        if (settles < lateSettles) this.putLate();
        settles += 1;
      },
    });
    this.changes = crashes.calls;
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

  /** An object comes that somebody put past the fence. */
  putLate(): void {
    void putLate(this.world, this.#accountId, `a${this.#putsLate.toString(16)}`);
    this.#putsLate += 1;
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Everything is there until the fence stands, the address is the account's, nothing is certified. */
  async expectFailed(): Promise<void> {
    const { ports, rows } = this.world;
    if (!this.#isFenced) expect(this.#own()).toEqual(this.#before.own);
    await expect(readCertificate(ports, this.operationId)).rejects.toMatchObject({
      name: 'CertificateMissingError',
    });
    expect(this.#freed).toEqual([]);
    const again = createAccount(ports, CLASSES, { user: DOOMED });
    await expect(again).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect(await readAccount(rows, this.#accountId)).toMatchObject({ user: DOOMED });
    await this.expectHandOversRefused();
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

  /** Nothing of it is there; the certificate says what went, and by how many attempts. */
  async expectErased(): Promise<void> {
    const { world, operationId } = this;
    expect(leftOf(world, this.#accountId)).toEqual([]);
    expect(this.#madeBehindFence).toEqual([]);
    expect(JSON.stringify(world.rows.rows())).not.toContain(DOOMED);
    await this.expectHandOversRefused();
    const { erased, attempts } = await certificateOf(world, operationId);
    expect(erased).toEqual(this.#gone());
    const { attempt, state } = await requireOperation(world.rows, operationId);
    expect({ state, attempt }).toEqual({ state: 'succeeded', attempt: attempts });
    expect(this.#freed).toEqual(ADDRESSES.map(() => 'succeeded'));
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

  /** What the models have seen go. */
  #gone(): Record<string, number> {
    const late = this.#putsLate;
    const all = this.#before.versions;
    const objects = all.filter(({ deleteMarker }) => !deleteMarker);
    const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const upload = this.#isUploaded ? 1 : 0;
    return {
      ...this.#rowsGone,
      objectVersions: objects.length + late + upload,
      deleteMarkers: all.length - objects.length,
      objectBytes: bytes + (late + upload) * mail('late').byteLength,
      multipartUploads: 1,
    };
  }

  #isUploaded = false;

  /** The PUT of the upload ends, which had begun before the fence. */
  #endUpload(): void {
    if (this.#isUploaded) return;
    this.#isUploaded = true;
    const key = uploadKey(this.#accountId, this.entangled.uploadId);
    void this.world.objects.put(key, mail('late'));
  }

  #versions(): readonly ListedVersion[] {
    return this.world.objects.versions().filter(({ key }) => key.includes(this.#accountId));
  }

  /** All of its mail and what leads to it. */
  #own(): unknown {
    const rows = this.world.rows
      .rows('dictmap')
      .filter(({ key }) => key.pk.includes(this.#accountId));
    return { rows: structuredClone(rows), versions: this.#versions() };
  }

  #note({ key, before, after }: RowChange): void {
    const account = registryKeys.account(this.#accountId);
    if (key.table === account.table && key.pk === account.pk && key.sk === account.sk) {
      this.#isFenced ||= after?.['state'] === 'deleting';
    }
    const address = ADDRESSES.some((one) => key.pk === registryKeys.address(one).pk);
    if (address && key.sk === 'address' && before?.['accountId'] === this.#accountId && !after) {
      // A transaction tells of its rows one by one: it is over when this is looked at.
      void Promise.resolve().then(async () => {
        const { state } = await requireOperation(this.world.rows, this.operationId);
        this.#freed.push(state);
      });
    }
    if (key.table !== 'dictmap' || !key.pk.includes(this.#accountId)) return;
    const name = `${key.pk} / ${key.sk}`;
    if (this.#isFenced && before === undefined) this.#madeBehindFence.push(name);
    if (after === undefined) {
      const kind = kindOf(key);
      this.#rowsGone[kind] = (this.#rowsGone[kind] ?? 0) + 1;
    }
  }
}

/** As certificates name kinds of rows. */
function kindOf({ pk, sk }: RowChange['key']): string {
  if (pk.startsWith('mailbox#')) return 'messageRows';
  if (pk.startsWith('blobs#')) return 'blobRows';
  return `${sk.includes('#') ? sk.slice(0, sk.indexOf('#')) : 'other'}Rows`;
}
