/** What it takes to delete a folder and to bring it back, by what is in it: names alone (F1). */
import { createHash } from 'node:crypto';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { undeleteTree } from '../../functions/core/folders/undelete-tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { toAttributes } from '../../functions/core/messages/message.ts';
import type { Meter } from '../../functions/core/meter/meter.ts';
import { sumUsage, type Usage } from '../../functions/core/meter/usage.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import type { RowStore, Write } from '../../functions/core/ports/row-store.ts';
import { inParallel } from '../../functions/core/rows/parallel.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';

const CLASSES = { names: ['r30'], fallback: 'r30' };
const DEADLINE_MS = 60_000;
const PATH = 'Projects';
const SIZE_BYTES = 4096;

/** Items of a transaction. */
const BATCH_MESSAGES = 100;
const PARALLEL_BATCHES = 8;

type FolderPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

export interface Cost {
  /** Calls of the store, by method. */
  readonly requests: Readonly<Record<string, number>>;
  readonly units: Usage;
}

export interface FolderCost {
  readonly messages: number;
  readonly deleted: Cost;
  readonly undeleted: Cost;
}

/**
 * @param ports whose rows count into the meter
 * @param user of an account that is made for it
 * @param filling `plain`: the same rows uncounted, since filling them is not measured
 */
export async function folderCost(
  ports: FolderPorts,
  meter: Meter,
  user: string,
  { messages, plain = ports.rows }: { readonly messages: number; readonly plain?: RowStore },
): Promise<FolderCost> {
  await createAccount(ports, CLASSES, { user });
  const folder = await createMailbox(ports, await requireActiveAccount(ports.rows, user), PATH);
  await fill(plain, folder, messages);
  const account = await requireActiveAccount(ports.rows, user);
  const deadline = ports.clock.now() + DEADLINE_MS;
  const settings = resolveSettings({});
  let deletionId = '';
  const deleted = await costOf(ports, meter, async (counted) => {
    const asked = { path: PATH, scope: 'tree', requestedBy: 'bench', keepInbox: true } as const;
    const deletion = { account, settings, ...asked, check: () => {} };
    ({ deletionId } = await deleteTree(counted, deletion, deadline));
  });
  const undeleted = await costOf(ports, meter, async (counted) => {
    const back = await undeleteTree(counted, { account, settings, deletionId }, deadline);
    if (back.messages !== messages) throw new Error(`${back.messages} of ${messages} came back`);
  });
  return { messages, deleted, undeleted };
}

async function costOf(
  ports: FolderPorts,
  meter: Meter,
  run: (counted: FolderPorts) => Promise<void>,
): Promise<Cost> {
  meter.take();
  const requests: Record<string, number> = {};
  const count = <A extends unknown[], R>(name: string, call: (...given: A) => R) => {
    return (...given: A): R => {
      requests[name] = (requests[name] ?? 0) + 1;
      return call(...given);
    };
  };
  const { rows } = ports;
  const counted: RowStore = {
    get: count('get', (key) => rows.get(key)),
    query: count('query', (query) => rows.query(query)),
    write: count('write', (write) => rows.write(write)),
    transact: count('transact', (writes) => rows.transact(writes)),
    removeAll: count('removeAll', (keys) => rows.removeAll(keys)),
  };
  await run({ ...ports, rows: counted });
  return { requests, units: sumUsage([meter.take()]) };
}

/** Rows as deliveries leave them; without objects, which nobody asks for here. */
async function fill(rows: RowStore, { mailboxId }: Mailbox, messages: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(messages / BATCH_MESSAGES) }, (_, batch) => batch);
  await inParallel(batches, PARALLEL_BATCHES, async (batch) => {
    const from = batch * BATCH_MESSAGES;
    const size = Math.min(BATCH_MESSAGES, messages - from);
    const writes = Array.from({ length: size }, (_, index) => put(mailboxId, from + index + 1));
    await rows.transact(writes);
  });
  const set = { uidNext: messages + 1, messages, bytes: messages * SIZE_BYTES };
  const key = dictmapKeys.mailbox(mailboxId);
  await rows.write({ kind: 'update', key, guard: { row: 'present' }, change: { set } });
}

function put(mailboxId: string, uid: number): Write {
  const id = createHash('sha256').update(`${mailboxId} ${uid}`).digest('hex').slice(0, 32);
  const attributes = toAttributes({
    uid,
    guid: id,
    blobId: id,
    retentionClass: CLASSES.fallback,
    versionId: id,
    sizeBytes: SIZE_BYTES,
    digest: id,
    internalDate: 0,
    saveDate: 0,
    flags: new Set(['\\Seen']),
    keywords: new Set(),
    envelope: {
      from: 'anna@example.org',
      to: 'bert@example.com',
      subject: `Minutes of meeting ${uid}`,
      messageId: `<${uid}@mail.example.org>`,
      attachments: false,
    },
  });
  return { kind: 'put', key: dictmapKeys.message(mailboxId, uid), attributes };
}
