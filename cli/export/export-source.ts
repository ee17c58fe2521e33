/** The account that is exported, as the API shows it. */
import { createHash } from 'node:crypto';
import type { MessageAnswer } from '../../functions/contract/api.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { LetheClient } from '../api/lethe-client.ts';
import { ProblemError } from '../errors.ts';
import type { ExportedMailbox, FetchedMessage, ListedMessage } from './export-form.ts';

/** What of a mailbox is listed: its mail, and how much of the listing is expunged mail. */
export interface Listing {
  readonly rows: readonly ListedMessage[];
  /** Messages of an expunge storage, which are not exported. */
  readonly stored: { readonly messages: number; readonly bytes: number };
}

/** What an account has besides its mail, and no export brings. */
export interface NotExported {
  readonly expungeStorages: { messages: number; bytes: number };
  /** Expunged, and still in their mailboxes, unseen. */
  readonly expungedInPlace: { messages: number; bytes: number };
  readonly deletedFolders: { folders: number; messages: number; bytes: number };
  /** What could not be asked for, because only administrators may. */
  readonly unasked: boolean;
}

export interface ExportSource {
  readonly accountId: string;
  readonly user: string;
  mailboxes(): Promise<readonly ExportedMailbox[]>;
  /** Undefined when the mailbox is gone. */
  list(path: string): Promise<Listing | undefined>;
  fetch(path: string, row: ListedMessage): Promise<FetchedMessage>;
  /** Undefined when they are not shown. */
  subscriptions(): Promise<readonly string[] | undefined>;
  /** Whether an empty mailbox is, or is in, the expunge storage. */
  isStorage(path: string): boolean;
  notExported(mailboxes: readonly ExportedMailbox[]): Promise<NotExported>;
}

/**
 * @param as whose rights count; an administrator's when missing
 * @throws CliError, ProblemError
 */
export async function openExportSource(
  client: LetheClient,
  user: string,
  as?: string,
): Promise<ExportSource> {
  const { accountId } = await client.account(user);
  const door = client.door(user, as);
  const storage = await storageOf(door);
  return {
    accountId,
    user,
    async mailboxes() {
      const found: ExportedMailbox[] = [];
      for await (const page of door.mailboxes()) found.push(...page);
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    list: (path) => unlessGone('urn:lethe:unknown-mailbox', listOf(door, path)),
    fetch: (path, row) => fetchChecked(door, path, row),
    async subscriptions() {
      const paths: string[] = [];
      try {
        for await (const page of door.subscriptions()) paths.push(...page.map((one) => one.path));
      } catch (error) {
        if (isRefused(error)) return undefined;
        throw error;
      }
      return paths.sort();
    },
    isStorage: (path) =>
      storage !== undefined && (path === storage || path.startsWith(`${storage}/`)),
    notExported: (mailboxes) => notExportedOf(door, mailboxes, as !== undefined),
  };
}

/** Values of the setting that name none. */
const NO_STORAGE = new Set(['off', 'in-place']);

/** Name of the expunge storage, where the settings name one and may be read. */
async function storageOf(door: AccountDoor): Promise<string | undefined> {
  try {
    const { effective } = await door.settings();
    const name = effective?.lazyExpunge;
    return name === undefined || NO_STORAGE.has(name) ? undefined : name.replace(/\/$/, '');
  } catch (error) {
    // Then what a mailbox lists tells.
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

async function listOf(door: AccountDoor, path: string): Promise<Listing> {
  const rows: ListedMessage[] = [];
  const stored = { messages: 0, bytes: 0 };
  const shared = new Map<string, readonly string[]>();
  for await (const page of door.messages({ mailbox: path })) {
    for (const message of page) {
      if (message.expungedAt === undefined) rows.push(toListed(message, shared));
      else {
        stored.messages += 1;
        stored.bytes += message.size;
      }
    }
  }
  return { rows, stored };
}

/** Without what describes it to people; most messages share their flags with many others. */
function toListed(
  { uid, size, digest, internalDate, flags, keywords }: MessageAnswer,
  shared: Map<string, readonly string[]>,
): ListedMessage {
  const once = (words: readonly string[]): readonly string[] => {
    // In one order, so that the same marks are the same file.
    const sorted = [...words].sort();
    const key = sorted.join(' ');
    const known = shared.get(key) ?? sorted;
    shared.set(key, known);
    return known;
  };
  const date = new Date(internalDate);
  return { uid, size, digest, internalDate: date, flags: once(flags), keywords: once(keywords) };
}

async function fetchChecked(
  door: AccountDoor,
  path: string,
  row: ListedMessage,
): Promise<FetchedMessage> {
  let raw: Buffer;
  try {
    raw = await door.message({ mailbox: path }, row.uid);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { type, status } = error.problem;
    if (type === 'urn:lethe:unknown-message' || type === 'urn:lethe:unknown-mailbox') {
      return { vanished: true };
    }
    // A fault of one message, such as lost bytes; all others are fetched all the same.
    if (status === 500) return { reason: `could not be fetched: ${error.message}` };
    throw error;
  }
  const sha256 = createHash('sha256').update(raw).digest('hex');
  const reason = mismatch(row, raw.length, sha256);
  return reason === undefined ? { raw, sha256 } : { reason };
}

/** Why bytes are not those of a message, if so. */
export function mismatch(
  { size, digest }: Pick<ListedMessage, 'size' | 'digest'>,
  sizeBytes: number,
  sha256: string,
): string | undefined {
  if (sizeBytes !== size) return `came with ${sizeBytes} bytes, and has ${size}`;
  return sha256.startsWith(digest)
    ? undefined
    : `came with other bytes than were stored: their SHA-256 begins ${sha256.slice(0, 12)}, not ${digest.slice(0, 12)}`;
}

async function notExportedOf(
  door: AccountDoor,
  mailboxes: readonly ExportedMailbox[],
  unasked: boolean,
): Promise<NotExported> {
  const none = () => ({ messages: 0, bytes: 0 });
  const found = {
    expungeStorages: none(),
    expungedInPlace: none(),
    deletedFolders: { folders: 0, ...none() },
    unasked,
  };
  if (unasked) return found;
  for (const { path } of mailboxes) {
    await unlessGone('urn:lethe:unknown-mailbox', countExpunged(door, path, found.expungedInPlace));
  }
  for await (const page of door.deleted()) {
    for (const { messages, bytes } of page) {
      found.deletedFolders.folders += 1;
      found.deletedFolders.messages += messages;
      found.deletedFolders.bytes += bytes;
    }
  }
  return found;
}

async function countExpunged(
  door: AccountDoor,
  path: string,
  found: { messages: number; bytes: number },
): Promise<void> {
  for await (const page of door.expunged(path)) {
    for (const { size } of page) {
      found.messages += 1;
      found.bytes += size;
    }
  }
}

async function unlessGone<T>(type: string, asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === type) return undefined;
    throw error;
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.status === 403;
