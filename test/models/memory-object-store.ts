import type { LifecycleRule } from '@aws-sdk/client-s3';
import { decodeCursor, encodeCursor } from '../../functions/adapters/cursors.ts';
import { OBJECT_PAGE_KEYS } from '../../functions/contract/limits.ts';
import type { Clock } from '../../functions/core/ports/clock.ts';
import type { Ids } from '../../functions/core/ports/ids.ts';
import type {
  ListedVersion,
  ListPage,
  MultipartUpload,
  ObjectStore,
  ObjectVersion,
  PresignedPut,
  RemovalFailure,
  StoredObject,
} from '../../functions/core/ports/object-store.ts';
import { dueActions, type LifecycleContents } from '../../local/lifecycle/evaluate.ts';
import {
  folder,
  HEAD_OF_UPLOADS,
  HEAD_OF_VERSIONS,
  listedVersion,
  pageOfFolders,
  positionAfter,
  type StoredVersion,
} from './memory-list-places.ts';
import { comparePlaces, OrderedEntries, type Place, placeOf } from './ordered-entries.ts';
import { untilNothingIsDue } from './until-nothing-is-due.ts';

/** S3 takes keys of at most 1,024 bytes of UTF-8. */
const KEY_BYTES_MAX = 1024;

type StoredUpload = MultipartUpload & { readonly startedMs: number };

interface Failing {
  readonly code: string;
  times: number;
}

/** A versioned bucket in memory. */
export class MemoryObjectStore implements ObjectStore {
  readonly #keys = new OrderedEntries<StoredVersion[]>();
  readonly #uploads = new OrderedEntries<StoredUpload>();
  readonly #failing = new Map<string, Failing>();
  readonly #pageEntries: number;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #shortPages: Pick<Ids, 'fraction'> | undefined;
  #made = 0;

  /**
   * `pageEntries`: entries of a page of a list; S3's 1,000 when missing.
   * `clock`: what tells when versions are made; the machine's when missing.
   * `shortPages`: draws how full each page is, none to all of its entries: S3 promises no more than
   * that a page may hold fewer. Full pages when missing.
   */
  constructor(
    options: {
      readonly pageEntries?: number;
      readonly clock?: Pick<Clock, 'now'>;
      readonly shortPages?: Pick<Ids, 'fraction'>;
    } = {},
  ) {
    this.#shortPages = options.shortPages;
    this.#pageEntries = options.pageEntries ?? OBJECT_PAGE_KEYS;
    this.#clock = options.clock ?? Date;
  }

  async put(key: string, body: Uint8Array): Promise<{ readonly versionId: string }> {
    const current = this.#keys.get(placeOf(key))?.at(-1);
    if (current?.body === undefined) return this.addVersion(key, body);
    if (current.body.length !== body.length) throw new Error('a new key holds bytes of another');
    return { versionId: current.versionId };
  }

  /** Writes a version, whatever there is, as a PUT without a condition does. */
  addVersion(key: string, body: Uint8Array): { readonly versionId: string } {
    const versionId = this.#nextId('version');
    this.#add({ key, versionId, body: new Uint8Array(body), createdMs: this.#clock.now() });
    return { versionId };
  }

  async get(key: string, versionId?: string): Promise<StoredObject | undefined> {
    const versions = this.#keys.get(placeOf(key)) ?? [];
    const found =
      versionId === undefined
        ? versions.at(-1)
        : versions.find((version) => version.versionId === versionId);
    if (found?.body === undefined) return undefined;
    return { body: new Uint8Array(found.body), versionId: found.versionId };
  }

  async copy(
    from: ObjectVersion,
    toKey: string,
  ): Promise<{ readonly versionId: string } | undefined> {
    const source = await this.get(from.key, from.versionId);
    return source && (await this.put(toKey, source.body));
  }

  /** Time does not pass in the model: its URLs do not expire. */
  async presignPut(key: string, sizeBytes: number): Promise<PresignedPut> {
    const url = `memory:${sizeBytes}:${encodeURIComponent(key)}`;
    return { url, headers: { 'content-length': String(sizeBytes) } };
  }

  async presignGet({ key, versionId }: ObjectVersion): Promise<string> {
    return `memory:${encodeURIComponent(versionId)}:${encodeURIComponent(key)}`;
  }

  async listVersions(prefix: string, after?: string): Promise<ListPage<ListedVersion>> {
    const all = this.versions(folder(prefix));
    const first = after === undefined ? 0 : positionAfter(all, after);
    const entries = all.slice(first, first + this.#entriesOfPage());
    if (first + entries.length >= all.length) return { entries };
    const end = entries.at(-1);
    if (end === undefined) return { entries, next: after ?? HEAD_OF_VERSIONS };
    return { entries, next: encodeCursor({ key: end.key, versionId: end.versionId }) };
  }

  async versionsOf(key: string): Promise<readonly ListedVersion[]> {
    return this.versions(key).filter((version) => version.key === key);
  }

  async listFolders(after?: string): Promise<ListPage<string>> {
    return pageOfFolders(this.versions(), this.#entriesOfPage(), after);
  }

  async removeVersions(versions: readonly ObjectVersion[]): Promise<readonly RemovalFailure[]> {
    if (versions.length > OBJECT_PAGE_KEYS) {
      throw new RangeError(
        `${versions.length} versions in one removal; ${OBJECT_PAGE_KEYS} are allowed.`,
      );
    }
    return versions.flatMap(({ key, versionId }) => {
      const code = this.#failure(key);
      if (code !== undefined) return [{ key, versionId, code }];
      this.#removeVersion(key, versionId);
      return [];
    });
  }

  /** Fails like a removal where `failKey` says so, as a bucket policy does for both. */
  async placeMarker(key: string): Promise<boolean> {
    const code = this.#failure(key);
    if (code !== undefined) throw Object.assign(new Error(`${code} by the model`), { name: code });
    if (this.#keys.get(placeOf(key))?.at(-1)?.body === undefined) return false;
    this.deleteMarker(key);
    return true;
  }

  async listUploads(prefix: string, after?: string): Promise<ListPage<MultipartUpload>> {
    const bytes = Buffer.from(folder(prefix));
    const last = after === undefined ? undefined : decodeCursor(after, ['key', 'uploadId']);
    const rest = this.#uploads
      .all()
      .filter(({ place }) => isBelow(place, bytes))
      .filter(
        ({ place }) =>
          last === undefined || comparePlaces(place, placeOf(last.key, last.uploadId)) > 0,
      );
    const entries = rest.slice(0, this.#entriesOfPage()).map(({ value }) => named(value));
    if (entries.length >= rest.length) return { entries };
    const end = entries.at(-1);
    if (end === undefined) return { entries, next: after ?? HEAD_OF_UPLOADS };
    return { entries, next: encodeCursor({ key: end.key, uploadId: end.uploadId }) };
  }

  async abortUpload(upload: MultipartUpload): Promise<void> {
    this.#uploads.delete(placeOf(upload.key, upload.uploadId));
  }

  /** Takes what a client sends to a presigned URL; false when it is not as it was signed. */
  async receive({ url, headers }: PresignedPut, body: Uint8Array): Promise<boolean> {
    const [, sizeBytes, key = ''] = url.split(':');
    const length = String(body.length);
    if (length !== sizeBytes || length !== headers['content-length']) return false;
    this.addVersion(decodeURIComponent(key), body);
    return true;
  }

  /** What a client gets by a presigned URL; undefined when there is nothing. */
  async open(url: string): Promise<Uint8Array | undefined> {
    const [, versionId = '', key = ''] = url.split(':').map(decodeURIComponent);
    return (await this.get(key, versionId))?.body;
  }

  /** Places a delete marker, as a DELETE without a version does; answers its version id. */
  deleteMarker(key: string): string {
    const versionId = this.#nextId('marker');
    this.#add({ key, versionId, createdMs: this.#clock.now() });
    return versionId;
  }

  /** Begins a multipart upload that nobody completes; answers its id. */
  startUpload(key: string): string {
    const uploadId = this.#nextId('upload');
    this.#uploads.set(placeOf(key, uploadId), { key, uploadId, startedMs: this.#clock.now() });
    return uploadId;
  }

  /** Lets removals of versions of a key fail with a code of S3's, this many times. */
  failKey(key: string, code: string, times = Number.POSITIVE_INFINITY): void {
    this.#failing.set(key, { code, times });
  }

  /** Every version and delete marker below a prefix, in the order of a list. */
  versions(prefix = ''): readonly ListedVersion[] {
    const bytes = Buffer.from(prefix);
    const start = this.#keys.firstWhere((place) => comparePlaces(place, [bytes]) >= 0);
    const listed: ListedVersion[] = [];
    for (let position = start; position < this.#keys.size; position += 1) {
      const entry = this.#keys.at(position);
      if (entry === undefined || !isBelow(entry.place, bytes)) break;
      listed.push(...entry.value.map(listedVersion).reverse());
    }
    return listed;
  }

  /** Every incomplete multipart upload. */
  uploads(): readonly MultipartUpload[] {
    return this.#uploads.all().map(({ value }) => named(value));
  }

  /**
   * Applies lifecycle rules as of a time, again and again until nothing is due, as S3 does by
   * itself in the course of days; answers how many actions that took.
   */
  applyLifecycle(rules: readonly LifecycleRule[], nowMs: number): number {
    return untilNothingIsDue(() => {
      const due = dueActions(rules, this.#contents(), nowMs);
      for (const action of due) {
        if (action.kind === 'expire') this.deleteMarker(action.key);
        else if ('versionId' in action) this.#removeVersion(action.key, action.versionId);
        else this.#uploads.delete(placeOf(action.key, action.uploadId));
      }
      return due.length;
    });
  }

  #contents(): LifecycleContents {
    const versions = this.#keys.all().flatMap(({ value }) => value.toReversed());
    return {
      versions: versions.map(({ key, versionId, createdMs, body }) => {
        const sizeBytes = body?.byteLength ?? 0;
        return { key, versionId, createdMs, sizeBytes, deleteMarker: body === undefined };
      }),
      uploads: this.#uploads.all().map(({ value }) => value),
    };
  }

  #entriesOfPage(): number {
    const drawn = this.#shortPages?.fraction() ?? 1;
    return Math.min(Math.floor(drawn * (this.#pageEntries + 1)), this.#pageEntries);
  }

  #add(version: StoredVersion): void {
    const sizeBytes = Buffer.byteLength(version.key);
    if (sizeBytes < 1 || sizeBytes > KEY_BYTES_MAX) {
      throw new RangeError(`a key of ${sizeBytes} bytes; 1 to ${KEY_BYTES_MAX} are allowed.`);
    }
    const place = placeOf(version.key);
    this.#keys.set(place, [...(this.#keys.get(place) ?? []), version]);
  }

  #removeVersion(key: string, versionId: string): void {
    const place = placeOf(key);
    const left = (this.#keys.get(place) ?? []).filter((one) => one.versionId !== versionId);
    if (left.length > 0) this.#keys.set(place, left);
    else this.#keys.delete(place);
  }

  #failure(key: string): string | undefined {
    const failing = this.#failing.get(key);
    if (failing === undefined || failing.times < 1) return undefined;
    failing.times -= 1;
    return failing.code;
  }

  /** Ids rise with time, so that later versions of a key also have greater ids. */
  #nextId(kind: string): string {
    this.#made += 1;
    return `${String(this.#made).padStart(8, '0')}-${kind}`;
  }
}

const named = ({ key, uploadId }: StoredUpload): MultipartUpload => ({ key, uploadId });

const isBelow = (place: Place, prefix: Buffer): boolean =>
  place[0]?.subarray(0, prefix.length).equals(prefix) === true;
