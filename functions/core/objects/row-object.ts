/** Which object of the mail bucket a row of the dictmap stands for. */
import { mailKey, type OpaqueKind, opaqueKey } from '../../contract/key-layout.ts';
import {
  accountOfMailbox,
  blobPartition,
  dictmapKeys,
  type RowKey,
} from '../../contract/row-layout.ts';
import type { Row } from '../ports/row-store.ts';
import { optionalText, text } from '../rows/attributes.ts';

/** A row of which S3 may have to follow changes. */
export interface FollowedRow {
  readonly kind: 'message' | 'blob' | 'opaque';
  readonly accountId: string;
}

export interface RowObject {
  /** Key in the mail bucket. */
  readonly objectKey: string;
  /** Missing for opaque objects whose row was written before versions were noted. */
  readonly versionId?: string;
  /** What the row says by which it is told from any other: guards its removal. */
  readonly identity: Readonly<Record<string, string>>;
}

const MESSAGE_PARTITION = /^mailbox#([^#]+)#\d+$/;
const BLOB_PARTITION = /^blobs#([^#]+)#[^#]+$/;
const ACCOUNT_PARTITION = /^account#([^#]+)$/;
const PURGING_OBJECT = /^object#[a-z]+#purging#/;

/** As settings allow it: a class is one part of a key, and nothing else may stand in its place. */
const CLASS = /^[a-z][a-z0-9]{0,15}$/;

/**
 * Undefined for rows that stand for no object.
 * @throws TypeError when the key begins like one of theirs and does not go on so
 */
export function followedRow({ pk, sk }: RowKey): FollowedRow | undefined {
  const mailboxId = MESSAGE_PARTITION.exec(pk)?.[1];
  if (mailboxId !== undefined) return { kind: 'message', accountId: accountOfMailbox(mailboxId) };
  const ofBlob = BLOB_PARTITION.exec(pk)?.[1];
  if (ofBlob !== undefined) return { kind: 'blob', accountId: ofBlob };
  const accountId = ACCOUNT_PARTITION.exec(pk)?.[1];
  if (accountId !== undefined && PURGING_OBJECT.test(sk)) return { kind: 'opaque', accountId };
  if (/^(mailbox|blobs)#/.test(pk)) throw damaged(pk, 'partition');
  return undefined;
}

/** @throws TypeError when the row lacks what names its object, or says other than its key */
export function objectOf(row: Row, { kind, accountId }: FollowedRow): RowObject {
  return kind === 'opaque' ? opaqueObject(row, accountId) : mailObject(row, kind, accountId);
}

function mailObject(row: Row, kind: 'message' | 'blob', accountId: string): RowObject {
  const blobId = text(row, 'blobId');
  const retentionClass = text(row, 'class');
  const { pk, sk } = row.key;
  if (!CLASS.test(retentionClass)) throw damaged(pk, 'class');
  if (kind === 'blob' && (sk !== blobId || pk !== blobPartition(accountId, blobId.charAt(0)))) {
    throw damaged(pk, 'blobId');
  }
  return {
    objectKey: mailKey(retentionClass, accountId, blobId),
    versionId: text(row, 'versionId'),
    identity: { blobId },
  };
}

function opaqueObject(row: Row, accountId: string): RowObject {
  const kind = text(row, 'kind') as OpaqueKind;
  const objectId = text(row, 'objectId');
  const { pk, sk } = row.key;
  if (sk !== dictmapKeys.purgingObject(accountId, kind, objectId).sk) throw damaged(pk, 'objectId');
  const versionId = optionalText(row, 'versionId');
  return {
    objectKey: opaqueKey(kind, accountId, objectId),
    identity: { objectId },
    ...(versionId === undefined ? {} : { versionId }),
  };
}

const damaged = (pk: string, what: string): TypeError =>
  new TypeError(`damaged row in dictmap (${pk}): ${what}`);
