/** Looks at what is behind the lists: rows, versions and markers, and the other door to bytes. */
import type { RowKey } from '../../functions/contract/row-layout.ts';
import type { ReferenceMail } from '../models/reference-mail.ts';
import type { KnownNames } from './mail-names.ts';
import { blobsOf, byBlob, objectProblems, orphans, type SeenObjects } from './mail-objects.ts';
import { rowProblems } from './mail-rows.ts';
import type { MailWorld, SeenMailbox } from './mail-world.ts';

const PROBLEMS_MAX = 6;

/**
 * @param disturbed by a crash or a rival, which may leave bytes that no message names
 * @throws Error naming what is not as the model says
 */
export async function lookBehind(
  world: MailWorld,
  model: ReferenceMail,
  names: KnownNames,
  mailboxes: ReadonlyMap<string, SeenMailbox>,
  disturbed: boolean,
): Promise<void> {
  const rows = world.stores.rows.rows('dictmap');
  const objects = seenObjects(world);
  const problems = [
    ...rowProblems(model, { rows, mailboxes }, names),
    ...objectProblems(model, objects, names),
    ...(disturbed ? [] : orphans(objects, names).map((id) => `object ${id} belongs to nobody`)),
  ];
  if (problems.length > 0) throw new Error(problems.slice(0, PROBLEMS_MAX).join('\n  '));
  await fetchOne(world, mailboxes);
}

export function seenObjects({ stores }: MailWorld): SeenObjects {
  const { objects, reconciler, rows } = stores;
  const keys = reconciler.pendingRecords().map(({ key }) => key);
  const retried = reconciler.retries.waiting().map((body) => JSON.parse(body) as RowKey);
  return {
    versions: byBlob(objects.versions()),
    waiting: blobsOf(rows.rows('dictmap'), [...keys, ...retried]),
  };
}

/** Lists and bytes were compared; a client gets them by one more door. */
async function fetchOne(
  world: MailWorld,
  mailboxes: ReadonlyMap<string, SeenMailbox>,
): Promise<void> {
  const all = [...mailboxes].flatMap(([path, { mailbox, messages }]) =>
    // Nobody gets what was expunged in place.
    path === mailbox.path ? messages.map((message) => ({ mailbox, message })) : [],
  );
  const one = all[Math.floor(world.stores.ids.fraction() * all.length)];
  if (one === undefined) return;
  const body = await world.fetch(one.mailbox, one.message.uid);
  if (!Buffer.from(one.message.body ?? []).equals(body)) throw new Error('fetched other bytes');
}
