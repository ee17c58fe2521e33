/**
 * Index bundles, FTS indexes and Sieve scripts: bytes that Lethe stores and erases but never
 * reads. Each write gets a fresh object; one transaction switches the row that names the current
 * object and leaves a `purging` row for the old one, so that no write ever loses track of bytes.
 */
import { type OpaqueKind, opaqueKey } from '../../contract/key-layout.ts';
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { activeCheck } from '../accounts/while-active.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, Write } from '../ports/row-store.ts';
import { number, optionalText, text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';

const OBJECT_ID_BYTES = 16;

/** Names become part of a sort key of 1,024 bytes. */
const OBJECT_NAME_BYTES_MAX = 800;

type ObjectPorts = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;

export interface OpaqueObject {
  readonly kind: OpaqueKind;
  readonly name: string;
  readonly objectId: string;
  /** Missing in rows written before versions were noted. */
  readonly versionId?: string;
  readonly sizeBytes: number;
}

function toObject(row: Row): OpaqueObject {
  return {
    kind: text(row, 'kind') as OpaqueKind,
    name: text(row, 'name'),
    objectId: text(row, 'objectId'),
    ...versionOf(optionalText(row, 'versionId')),
    sizeBytes: number(row, 'size'),
  };
}

const versionOf = (versionId: string | undefined) => (versionId === undefined ? {} : { versionId });

/**
 * Stores an object under a name, replacing what the name held.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function putObject(
  ports: ObjectPorts,
  account: Account,
  given: { readonly kind: OpaqueKind; readonly name: string; readonly body: Uint8Array },
  deadline: number,
): Promise<OpaqueObject> {
  checkName(given.name);
  const objectId = ports.ids.hex(OBJECT_ID_BYTES);
  const { kind, name } = given;
  const key = opaqueKey(kind, account.accountId, objectId);
  const { versionId } = await ports.objects.put(key, given.body);
  const object = { kind, name, objectId, versionId, sizeBytes: given.body.length };
  return await untilWon(ports, deadline, async () => {
    const current = await ports.rows.get(dictmapKeys.object(account.accountId, kind, name));
    const result = await ports.rows.transact(switchWrites(account, object, current));
    if (result.outcome === 'written') return object;
    if (result.outcome === 'refused' && result.refusals.some(({ index }) => index === 0)) {
      throw notActive(account);
    }
    return 'lost';
  });
}

/** The account must be active, the name must still hold what was read, the old id is queued. */
function switchWrites(account: Account, object: OpaqueObject, current: Row | undefined): Write[] {
  const { accountId } = account;
  const { kind, name, objectId, versionId, sizeBytes } = object;
  const writes: Write[] = [
    activeCheck(accountId),
    {
      kind: 'put',
      key: dictmapKeys.object(accountId, kind, name),
      guard:
        current === undefined
          ? { row: 'absent' }
          : { row: 'present', equals: { objectId: text(current, 'objectId') } },
      attributes: {
        v: ROW_VERSION,
        type: 'object',
        kind,
        name,
        objectId,
        ...versionOf(versionId),
        size: sizeBytes,
      },
    },
  ];
  if (current !== undefined) writes.push(purgingWrite(accountId, toObject(current)));
  return writes;
}

function purgingWrite(accountId: string, old: OpaqueObject): Write {
  return {
    kind: 'put',
    key: dictmapKeys.purgingObject(accountId, old.kind, old.objectId),
    guard: { row: 'absent' },
    attributes: {
      v: ROW_VERSION,
      type: 'object',
      state: 'purging',
      kind: old.kind,
      objectId: old.objectId,
      ...versionOf(old.versionId),
      size: old.sizeBytes,
    },
  };
}

/** The current object of a name, or undefined. */
export async function getObject(
  ports: Pick<Ports, 'rows' | 'objects'>,
  accountId: string,
  kind: OpaqueKind,
  name: string,
): Promise<Uint8Array | undefined> {
  const row = await ports.rows.get(dictmapKeys.object(accountId, kind, name));
  if (row === undefined) return undefined;
  const stored = await ports.objects.get(opaqueKey(kind, accountId, text(row, 'objectId')));
  return stored?.body;
}

/** One page of the current objects of a kind. */
export async function listObjects(
  rows: Ports['rows'],
  accountId: string,
  kind: OpaqueKind,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly objects: readonly OpaqueObject[]; readonly next?: string }> {
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: dictmapKeys.object(accountId, kind, '').sk },
    ...page,
  });
  const objects = found.map(toObject);
  return next === undefined ? { objects } : { objects, next };
}

function checkName(name: string): void {
  if (name === '' || Buffer.byteLength(name) > OBJECT_NAME_BYTES_MAX) {
    throw InvalidInputError.of(
      'name',
      `got ${quoted(name)}, allowed are 1 to ${OBJECT_NAME_BYTES_MAX} bytes`,
    );
  }
}
