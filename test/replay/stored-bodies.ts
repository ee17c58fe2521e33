/** Which bodies of an account are stored. */
import { accountPrefixes, mailKey } from '../../functions/contract/key-layout.ts';
import { everyMailboxRow } from '../../functions/core/mailboxes/every-mailbox.ts';
import { type Entry, everyEntry } from '../../functions/core/messages/entries.ts';
import { findInPlace } from '../../functions/core/messages/in-place-entries.ts';
import type { ListedVersion } from '../../functions/core/ports/object-store.ts';
import type { Target } from './target.ts';

/** Of a deployment by its defaults, and of the models. */
const CLASSES_EVER = ['r7', 'r30', 'r365', 'keep'];
const PAGE_ENTRIES = 500;
const EVERYTHING = {
  afterUid: 0,
  limit: Number.POSITIVE_INFINITY,
  deadline: Number.POSITIVE_INFINITY,
};

/**
 * Bodies that stay once clean-up has finished. S3's own clock is part of it: a version below a
 * delete marker goes by it unless a message of the expunge storage still needs it. What has no
 * marker stays, whether or not a row refers to it.
 */
export async function storedBodies(target: Target, accountId: string): Promise<Uint8Array[]> {
  await target.settle();
  const needed = await keysInUse(target, accountId);
  const bodies: Uint8Array[] = [];
  for (const prefix of accountPrefixes(accountId, CLASSES_EVER)) {
    for await (const { key, versionId, deleteMarker, latest } of everyVersion(target, prefix)) {
      if (deleteMarker || (!latest && !needed.has(key))) continue;
      const stored = await target.objects.get(key, versionId);
      if (stored !== undefined) bodies.push(stored.body);
    }
  }
  return bodies;
}

/** Keys of what mailboxes, deleted folders and expunge storage show, and of what was expunged in place. */
async function keysInUse(target: Target, accountId: string): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const add = (entries: readonly Entry[]) => {
    for (const { message } of entries) {
      keys.add(mailKey(message.retentionClass, accountId, message.blobId));
    }
  };
  for await (const mailbox of everyMailboxRow(target.rows, accountId)) {
    for await (const entries of everyEntry(target.rows, mailbox, target, {
      pageEntries: PAGE_ENTRIES,
    }))
      add(entries);
    const ports = { rows: target.rows, clock: target };
    add((await findInPlace(ports, mailbox, { ...EVERYTHING, asOf: target.now() })).entries);
  }
  return keys;
}

async function* everyVersion({ objects }: Target, prefix: string): AsyncGenerator<ListedVersion> {
  let after: string | undefined;
  do {
    const page = await objects.listVersions(prefix, after);
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}
