/** Rows behind the lists against the reference model: links of blobs, counts of days, marks. */
import { BUCKET_UIDS } from '../../functions/contract/limits.ts';
import { FLAGGED_UIDS, linkOf, TTL_ATTRIBUTE } from '../../functions/contract/row-layout.ts';
import { DeadMap } from '../../functions/core/mailboxes/dead-map.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { numbers, text, textSet } from '../../functions/core/rows/attributes.ts';
import type { ReferenceMail } from '../models/reference-mail.ts';
import { NO_INSTANCES, type StoredMessage } from '../models/reference-messages.ts';
import { sameMembers } from '../models/same-members.ts';
import type { KnownNames } from './mail-names.ts';
import type { SeenMailbox } from './mail-world.ts';

const DAY_MS = 86_400_000;

export interface SeenRows {
  readonly rows: readonly Row[];
  readonly mailboxes: ReadonlyMap<string, SeenMailbox>;
}

/** What is wrong with the rows, in words. */
export function rowProblems(model: ReferenceMail, seen: SeenRows, names: KnownNames): string[] {
  const ofType = Map.groupBy(seen.rows, ({ attributes }) => String(attributes['type']));
  return [
    ...messageProblems(model, ofType.get('message') ?? [], names),
    ...blobProblems(model, ofType.get('blob') ?? [], seen, names),
    ...expiryProblems(model, ofType.get('expiry') ?? [], seen),
    ...homeProblems(model, ofType.get('message') ?? [], seen),
    ...directoryProblems(seen.rows),
    ...flagProblems(seen.rows),
  ];
}

/**
 * W3: what the storage shows under a UID is the row that was expunged, not one that equals it; of
 * what was expunged in place, no storage shows anything.
 */
function homeProblems(
  model: ReferenceMail,
  rows: readonly Row[],
  { mailboxes }: SeenRows,
): string[] {
  const uids = new Map(
    rows.map((row) => [
      `${row.key.pk.split('#')[1]} ${Number(row.key.sk)}`,
      row.attributes['lazySk'],
    ]),
  );
  const stored = [...model.everyInstance().values()].flatMap((instances) => instances.stored);
  return stored.flatMap(({ uid, stay: { home } }) => {
    const mailboxId = mailboxes.get(home.path)?.mailbox.mailboxId ?? '';
    const got = uids.get(`${mailboxId} ${home.uid}`);
    const wanted = model.rules.mode === 'in-place' ? undefined : uid;
    return (got === undefined ? undefined : Number(got)) === wanted
      ? []
      : [`${home.path} UID ${home.uid}: stored as ${got}, not ${uid}`];
  });
}

/** X3: every filled partition is in the directory; W1: what is called dead does not live. */
function directoryProblems(rows: readonly Row[]): string[] {
  const named = new Map(rows.map((row) => [row.key.sk, row]));
  return rows.flatMap((row) => {
    const { type, state, lazyPk, lazySk } = row.attributes;
    if (type !== 'message') return [];
    const [, mailboxId = '', bucket = ''] = row.key.pk.split('#');
    const name = `${mailboxId}#${bucket.padStart(6, '0')}`;
    const used = named.get(`bucket#${name}`);
    const spent = named.has(`spent#${name}`);
    const uid = Number(row.key.sk);
    const [, storageId = '', view = ''] = String(lazyPk).split('#');
    const isDead = DeadMap.of(used).has(uid % BUCKET_UIDS);
    return [
      ...(used === undefined && !spent ? [`${name}: not in the directory`] : []),
      ...(state === 'live' && (used === undefined || isDead) ? [`${name} ${uid}: lives`] : []),
      ...(state !== 'live' && !spent && !isDead ? [`${name} ${uid}: not marked as dead`] : []),
      ...(lazySk === undefined || named.has(`lazy#${storageId}#${view.padStart(6, '0')}`)
        ? []
        : [`${String(lazyPk)}: not in the directory`]),
    ];
  });
}

/** W8: what mailbox rows count, and which UIDs are noted for `\Deleted`, is what rows have. */
function flagProblems(rows: readonly Row[]): string[] {
  const live = rows.filter(({ attributes: { type, state } }) => {
    return type === 'message' && state === 'live';
  });
  const noted = new Set<string>();
  for (const row of rows.filter(({ attributes }) => attributes['type'] === 'flagged')) {
    const [, mailboxId = '', hundred = ''] = row.key.sk.split('#');
    for (const member of textSet(row, 'uids')) {
      noted.add(`${mailboxId} ${Number(hundred) * FLAGGED_UIDS + Number(member)}`);
    }
  }
  const flagged = live.filter((row) => textSet(row, 'flags').has('\\Deleted'));
  const names = flagged.map(({ key }) => `${key.pk.split('#')[1]} ${Number(key.sk)}`);
  const byMailbox = Map.groupBy(live, ({ key }) => key.pk.split('#')[1] ?? '');
  const counts = rows.flatMap(({ key, attributes }) => {
    if (attributes['type'] !== 'mailbox') return [];
    const own = byMailbox.get(key.sk.split('#')[1] ?? '') ?? [];
    const unseen = own.filter((row) => !textSet(row, 'flags').has('\\Seen')).length;
    const deleted = own.filter((row) => flagged.includes(row)).length;
    const got = `${attributes['unseen']} unseen, ${attributes['deleted']} deleted`;
    const must = `${unseen} unseen, ${deleted} deleted`;
    return got === must ? [] : [`${key.sk}: counts ${got}, must be ${must}`];
  });
  return sameMembers(noted, new Set(names))
    ? counts
    : [...counts, `noted as deleted are ${[...noted]}, must be ${names}`];
}

/** W8, L10: live rows say exactly whether their blob has a row of links; TTL is not for them. */
function messageProblems(
  model: ReferenceMail,
  rows: readonly Row[],
  { blobs }: KnownNames,
): string[] {
  const live = rows.filter(({ attributes }) => attributes['state'] === 'live');
  const counted = [...model.boxes.values()].reduce((sum, { messages }) => sum + messages.length, 0);
  const problems = live.flatMap((row) => {
    const blob = model.bytes.get(blobs.labelOf(text(row, 'blobId')) ?? 0);
    const where = `message row ${row.key.pk} ${row.key.sk}`;
    return [
      ...((row.attributes['copied'] === true) === blob?.shared ? [] : [`${where}: copied`]),
      ...(TTL_ATTRIBUTE in row.attributes ? [`${where}: live, with a TTL`] : []),
    ];
  });
  return live.length === counted ? problems : [...problems, `${live.length} live message rows`];
}

/** B1: the links of every blob that was ever copied are those of the model; others have no row. */
function blobProblems(
  model: ReferenceMail,
  rows: readonly Row[],
  { mailboxes }: SeenRows,
  { blobs }: KnownNames,
): string[] {
  const byId = new Map(rows.map((row) => [text(row, 'blobId'), row]));
  const link = (path: string, uid: number) =>
    linkOf(mailboxes.get(path)?.mailbox.mailboxId ?? '', uid);
  const problems: string[] = [];
  const instances = model.everyInstance();
  for (const [label, blobId] of blobs.all()) {
    const row = byId.get(blobId);
    byId.delete(blobId);
    const { live, stored } = instances.get(label) ?? NO_INSTANCES;
    const { shared } = model.bytes.get(label) ?? { shared: false };
    if (!shared && row !== undefined) problems.push(`blob ${blobId}: has a row of links`);
    if (!shared || (live.length + stored.length === 0 && row === undefined)) continue;
    if (row === undefined) {
      problems.push(`blob ${blobId}: has no row of links`);
      continue;
    }
    const links = {
      live: live.map(([path, { uid }]) => link(path, uid)),
      expunged: stored.map(({ stay }) => link(stay.home.path, stay.home.uid)),
    };
    problems.push(...linkProblems(row, links, stored, model.now));
  }
  return [...problems, ...[...byId.keys()].map((blobId) => `blob ${blobId}: nobody knows it`)];
}

function linkProblems(
  row: Row,
  links: { readonly live: readonly string[]; readonly expunged: readonly string[] },
  stored: readonly StoredMessage[],
  now: number,
): string[] {
  const problems: string[] = [];
  const live = textSet(row, 'live');
  if (!sameMembers(live, new Set(links.live))) {
    problems.push(`live links are ${[...live]}, must be ${links.live}`);
  }
  const ends = Object.entries(numbers(row, 'expunged')).filter(([, end]) => end === 0 || end > now);
  const expected = links.expunged.map(
    (link, index) => `${link} ${stored[index]?.stay.endsAt ?? 0}`,
  );
  const got = ends.map(([link, end]) => `${link} ${end}`);
  if (!sameMembers(new Set(got), new Set(expected))) {
    problems.push(`expunged links are ${got}, must be ${expected}`);
  }
  if (live.size > 0 && TTL_ATTRIBUTE in row.attributes)
    problems.push('a TTL in spite of live links');
  return problems.map((problem) => `blob ${row.key.sk}: ${problem}`);
}

/** What each storage counts for each day that is not over, expired messages of today included. */
function expiryProblems(
  model: ReferenceMail,
  rows: readonly Row[],
  { mailboxes }: SeenRows,
): string[] {
  const today = dayOf(model.now);
  const got = new Map<string, string>();
  for (const row of rows) {
    const { day, storageId, messages, bytes } = row.attributes;
    if (String(day) < today || (messages === 0 && bytes === 0)) continue;
    got.set(`${storageId} ${day}`, `${messages} messages, ${bytes} bytes`);
  }
  const expected = new Map<string, string>();
  for (const [path, { messages }] of model.rules.mode === 'in-place' ? [] : model.storages) {
    const storageId = mailboxes.get(path)?.mailbox.mailboxId;
    const days = Map.groupBy(messages, ({ stay }) => dayOf(stay.endsAt));
    for (const [day, members] of days) {
      if (day < today) continue;
      const bytes = members.reduce((sum, { body }) => sum + body.length, 0);
      expected.set(`${storageId} ${day}`, `${members.length} messages, ${bytes} bytes`);
    }
  }
  return [...new Set([...got.keys(), ...expected.keys()])]
    .filter((key) => got.get(key) !== expected.get(key))
    .map((key) => `count ${key}: ${got.get(key)}, must be ${expected.get(key)}`);
}

/** `never` sorts after every day. */
function dayOf(time: number | undefined): string {
  if (time === undefined) return 'never';
  return new Date(Math.floor(time / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}
