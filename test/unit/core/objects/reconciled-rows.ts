/** A bucket and a dictmap with rows in the states that S3 has to follow. */
import { mailKey, opaqueKey } from '../../../../functions/contract/key-layout.ts';
import {
  dictmapKeys,
  linkOf,
  type RowKey,
  registryKeys,
} from '../../../../functions/contract/row-layout.ts';
import type { Attributes } from '../../../../functions/core/ports/row-store.ts';
import { MemoryObjectStore } from '../../../models/memory-object-store.ts';
import { MemoryRowStore } from '../../../models/memory-row-store.ts';
import { SeededIds } from '../../../models/seeded-ids.ts';
import { VirtualClock } from '../../../models/virtual-clock.ts';
import { Reconciler } from '../../../simulation/reconciler.ts';

const ACCOUNT = 'aa11';
export const MAILBOX = `${ACCOUNT}.bb22`;
const BLOB = 'c0ffee';
export const OBJECT_KEY = mailKey('r30', ACCOUNT, BLOB);
export const MESSAGE = dictmapKeys.message(MAILBOX, 7);
export const BLOB_ROW = dictmapKeys.blob(ACCOUNT, BLOB);
export const OPAQUE_ROW = dictmapKeys.purgingObject(ACCOUNT, 'index', 'd00d');
export const OPAQUE_KEY = opaqueKey('index', ACCOUNT, 'd00d');
export const LINK = linkOf(MAILBOX, 7);
const DAY_MS = 86_400_000;

export class SmallStore {
  readonly clock = new VirtualClock();
  readonly objects = new MemoryObjectStore();
  readonly ids = new SeededIds(1);
  readonly rows: MemoryRowStore;
  readonly reconciler: Reconciler;
  versionId = '';

  constructor() {
    this.rows = new MemoryRowStore({ changed: (change) => this.reconciler.listen(change) });
    this.reconciler = new Reconciler(this);
  }

  static async make(): Promise<SmallStore> {
    const made = new SmallStore();
    const { versionId } = await made.objects.put(OBJECT_KEY, Buffer.from('mail'));
    made.versionId = versionId;
    await made.objects.put(mailKey('r30', ACCOUNT, `${BLOB}0`), Buffer.from('x'));
    await made.account();
    return made;
  }

  async row(key: RowKey, attributes: Attributes): Promise<RowKey> {
    await this.rows.write({ kind: 'put', key, attributes });
    return key;
  }

  /** The account that the rows are of. */
  async account(more: Attributes = {}): Promise<RowKey> {
    const key = registryKeys.account(ACCOUNT);
    return await this.row(key, { v: 1, type: 'account', state: 'active', ...more });
  }

  async message(state: string, more: Attributes = {}): Promise<RowKey> {
    const bytes = { blobId: BLOB, class: 'r30', versionId: this.versionId };
    return await this.row(MESSAGE, { v: 1, type: 'message', state, ...bytes, ...more });
  }

  async blob(more: Attributes = {}): Promise<RowKey> {
    const bytes = { blobId: BLOB, class: 'r30', versionId: this.versionId, size: 4 };
    return await this.row(BLOB_ROW, {
      v: 1,
      type: 'blob',
      state: 'live',
      revision: 3,
      ...bytes,
      ...more,
    });
  }

  async opaque(more: Attributes = {}): Promise<RowKey> {
    const { versionId } = await this.objects.put(OPAQUE_KEY, Buffer.from('bundle'));
    const names = { kind: 'index', objectId: 'd00d', size: 6 };
    return await this.row(OPAQUE_ROW, {
      v: 1,
      type: 'object',
      state: 'purging',
      ...names,
      versionId,
      ...more,
    });
  }

  /** Epoch ms so many days from now; negative for days that have passed. */
  inDays(days: number): number {
    return this.clock.now() + days * DAY_MS;
  }

  /** What is under a key: `v` for a version, `m` for a marker, the latest first. */
  under(objectKey: string): string {
    return this.objects
      .versions(objectKey)
      .filter(({ key }) => key === objectKey)
      .map(({ deleteMarker }) => (deleteMarker ? 'm' : 'v'))
      .join('');
  }

  /** Everything there is, to compare runs that were disturbed with one that was not. */
  async everything(): Promise<unknown> {
    return {
      rows: this.rows.rows(),
      objects: this.objects
        .versions()
        .map(({ key, deleteMarker, latest }) => ({ key, deleteMarker, latest })),
    };
  }
}
