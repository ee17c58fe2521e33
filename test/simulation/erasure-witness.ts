/**
 * Looks at the stores during a deletion, beside the machine: counts what goes of the account behind
 * its fence, and notes what comes there and which addresses become free.
 */
import { type RowKey, registryKeys, TTL_ATTRIBUTE } from '../../functions/contract/row-layout.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import type { RowChange } from '../models/memory-row-changes.ts';
import type { World } from './world.ts';

interface Watched {
  readonly accountId: string;
  readonly addresses: readonly string[];
  readonly operationId: string;
}

export class ErasureWitness {
  /** Rows of the dictmap that were made behind the fence. */
  readonly madeBehindFence: string[] = [];
  /** State of the operation at the moment at which each address became free. */
  readonly freed: string[] = [];
  readonly #world: World;
  readonly #watched: Watched;
  readonly #gone: Record<string, number> = {};
  #isFenced = false;

  constructor(world: World, watched: Watched) {
    this.#world = world;
    this.#watched = watched;
    world.watch = (change) => this.#note(change);
    this.#watchPuts();
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** What has gone behind the fence, named and counted as certificates do. */
  get gone(): Readonly<Record<string, number>> {
    return this.#gone;
  }

  /** Rows of all operations of the account that would stay for ever. */
  lasting(): Row[] {
    const { accountId } = this.#watched;
    const registry = this.#world.rows.rows('registry');
    const operations = registry.filter(
      ({ key, attributes }) => key.sk === 'operation' && attributes['accountId'] === accountId,
    );
    const partitions = new Set(operations.map(({ key }) => key.pk));
    return registry.filter(
      ({ key, attributes }) => partitions.has(key.pk) && !Object.hasOwn(attributes, TTL_ATTRIBUTE),
    );
  }

  #note({ key, before, after }: RowChange): void {
    const { accountId } = this.#watched;
    if (isSame(key, registryKeys.account(accountId)) && after?.['state'] === 'deleting') {
      if (!this.#isFenced) this.#countObjects();
      this.#isFenced = true;
    }
    if (after === undefined && before?.['accountId'] === accountId) this.#noteFreed(key);
    if (key.table !== 'dictmap' || !key.pk.includes(accountId) || !this.#isFenced) return;
    if (before === undefined) this.madeBehindFence.push(`${key.pk} / ${key.sk}`);
    if (after === undefined) this.#add(kindOf(key), 1);
  }

  #noteFreed(key: RowKey): void {
    const { addresses, operationId } = this.#watched;
    if (!addresses.some((address) => isSame(key, registryKeys.address(address)))) return;
    // A transaction tells of its rows one by one: it is over when this is looked at.
    void Promise.resolve().then(async () => {
      this.freed.push((await requireOperation(this.#world.rows, operationId)).state);
    });
  }

  /** All that is there at the fence, and all that comes later, must go. */
  #countObjects(): void {
    const { accountId } = this.#watched;
    const { objects } = this.#world;
    for (const { key, deleteMarker, sizeBytes } of objects.versions()) {
      if (key.includes(accountId)) this.#addVersion(deleteMarker ? undefined : sizeBytes);
    }
    const uploads = objects.uploads().filter(({ key }) => key.includes(accountId));
    this.#add('multipartUploads', uploads.length);
  }

  #watchPuts(): void {
    const { objects } = this.#world;
    const put = objects.put.bind(objects);
    objects.put = (key, body) => {
      if (this.#isFenced && key.includes(this.#watched.accountId))
        this.#addVersion(body.byteLength);
      return put(key, body);
    };
  }

  #addVersion(sizeBytes: number | undefined): void {
    if (sizeBytes === undefined) this.#add('deleteMarkers', 1);
    else {
      this.#add('objectVersions', 1);
      this.#add('objectBytes', sizeBytes);
    }
  }

  #add(kind: string, count: number): void {
    if (count > 0) this.#gone[kind] = (this.#gone[kind] ?? 0) + count;
  }
}

const isSame = (one: RowKey, other: RowKey): boolean =>
  one.table === other.table && one.pk === other.pk && one.sk === other.sk;

/** As certificates name kinds of rows. */
function kindOf({ pk, sk }: RowKey): string {
  if (pk.startsWith('mailbox#')) return 'messageRows';
  if (pk.startsWith('blobs#')) return 'blobRows';
  return `${sk.includes('#') ? sk.slice(0, sk.indexOf('#')) : 'other'}Rows`;
}
