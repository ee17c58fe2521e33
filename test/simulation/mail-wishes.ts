/** Turns what was drawn into a request on what there is. */
import { INSTANCES_MAX, inPlaceOf, type ReferenceMail } from '../models/reference-mail.ts';
import type { NewMail } from '../models/reference-messages.ts';
import { BOXES, type Choice, type Prelude, type Wish } from './mail-operations.ts';
import { isOneByOne, type MailRequest } from './mail-requests.ts';

/** Larger accounts only cost time: what multiplies takes few messages then. */
const MESSAGES_MAX = 60;

const HOUR_MS = 3_600_000;

/** @param id tells the bodies and keys of this request from all others of the run */
export function requestOf(model: ReferenceMail, wish: Wish, id: number): MailRequest {
  if (wish.do === 'deliver') {
    const mails = wish.mails.map(({ dated, filler, ...sets }, index) => ({
      ...sets,
      body: bodyOf(`m${id}.${index}`, filler),
      ...(dated ? { internalDate: model.now - filler * HOUR_MS } : {}),
    }));
    const key = wish.keyed ? { key: `request ${id}` } : {};
    return { do: 'deliver', to: boxAt(wish.to), mails, ...key };
  }
  if (model.rules.mode === 'in-place') return inPlaceRequest(model, wish);
  const storages = [...model.storages.keys()];
  const from =
    wish.do === 'restore'
      ? at(storages, wish.from)
      : at([...BOXES, ...storages.filter((path) => model.shown(path).length > 0)], wish.from);
  // Nothing was ever expunged: then there is nothing to restore either.
  if (from === undefined) return { do: 'expunge', from: BOXES[0], uids: [], bypass: false };
  const multiplies = wish.do !== 'expunge' && wish.do !== 'flag';
  const uids = uidsOf(model, from, wish.which, multiplies);
  if (wish.do === 'restore') {
    const to = wish.to === undefined ? {} : { to: boxAt(wish.to) };
    return { do: 'restore', from, uids, keep: wish.keep, ...to };
  }
  const { which: _, ...rest } = wish;
  if ('to' in rest) return { ...rest, from, uids, to: boxAt(rest.to) };
  return { ...rest, from, uids };
}

/** There is no storage: what would be restored from it is unexpunged, or purged. */
function inPlaceRequest(model: ReferenceMail, wish: Exclude<Wish, { do: 'deliver' }>): MailRequest {
  const from = boxAt(wish.from);
  if (wish.do === 'restore') {
    const uids = uidsOf(model, from, wish.which, true, inPlaceOf(from));
    const purges = wish.keep && (wish.to ?? 0) % 3 < 2;
    return purges
      ? { do: 'purge', from, uids }
      : { do: 'unexpunge', from, uids, keepDeleted: wish.keep };
  }
  const multiplies = wish.do === 'copy' || wish.do === 'move';
  const { which, ...rest } = wish;
  const uids = uidsOf(model, from, which, multiplies);
  if ('to' in rest) return { ...rest, from, uids, to: boxAt(rest.to) };
  return { ...rest, from, uids };
}

/** What comes one message at a time, in any order: more of them have too many outcomes. */
const ONE_BY_ONE_MAX = 3;

/** What surely fits one transaction: 24 messages, each with target, source and blob. */
const TOGETHER_MAX = 24;

/** Two requests that are to run at once, on the same messages where that is asked for. */
export function together(
  model: ReferenceMail,
  drawn: { readonly one: Wish; readonly other: Wish; readonly same: boolean },
  request: (wish: Wish) => MailRequest,
): [MailRequest, MailRequest] {
  const pair = [request(drawn.one), request(drawn.other)] as const;
  const most = pair.some(isOneByOne) ? ONE_BY_ONE_MAX : TOGETHER_MAX;
  const [one, other] = [cut(pair[0], most), cut(pair[1], most)];
  if (!drawn.same || one.do === 'deliver' || other.do === 'deliver') return [one, other];
  if (other.do === 'restore' && !model.isStorage(one.from)) return [one, other];
  return [one, { ...other, from: one.from, uids: one.uids }];
}

const cut = (request: MailRequest, most: number): MailRequest =>
  request.do === 'deliver' ? request : { ...request, uids: request.uids.slice(0, most) };

function uidsOf(
  model: ReferenceMail,
  from: string,
  which: Choice,
  multiplies: boolean,
  among = from,
): number[] {
  const shown = model.shown(among);
  const total = [...model.boxes.keys(), ...model.storages.keys()].reduce(
    (sum, path) => sum + model.shown(path).length,
    0,
  );
  if (which.all && !(multiplies && total > MESSAGES_MAX)) return shown.map(({ uid }) => uid);
  const { uidNext } = model.boxes.get(from) ?? model.storages.get(from) ?? { uidNext: 1 };
  return which.picks.flatMap((pick) => {
    // One UID in ten may be that of a message that is gone.
    const given = 1 + (pick % 7);
    return pick % 10 === 0 && given < uidNext ? given : (at(shown, pick)?.uid ?? []);
  });
}

const at = <T>(among: readonly T[], pick: number): T | undefined => among[pick % among.length];

const boxAt = (pick: number): string => at(BOXES, pick) ?? BOXES[0];

function bodyOf(id: string, filler: number): string {
  return `From: a@example.org\r\nSubject: ${id}\r\n\r\n${id} ${'.'.repeat(filler)}\r\n`;
}

const BATCH = 70;

/** So many copies fill the transaction that expunges them: two rows each. */
const TRANSACTION_COPIES = 48;

/** Requests that bring an account to where transactions or blobs are full. */
export function prelude(kind: Prelude): MailRequest[] {
  if (kind === 'none') return [];
  const plain = (id: string): NewMail => ({ body: bodyOf(id, 0), flags: [], keywords: [] });
  if (kind === 'many') {
    return [0, 1].map((batch) => ({
      do: 'deliver',
      to: 'INBOX',
      mails: Array.from({ length: BATCH }, (_, index) => plain(`p${batch}.${index}`)),
    }));
  }
  if (kind === 'copies') {
    const uids = firstUids(BATCH);
    return [
      { do: 'deliver', to: 'INBOX', mails: uids.map((uid) => plain(`p${uid}`)) },
      { do: 'copy', from: 'INBOX', to: 'Archive', uids },
      // Some of the copies are the last instance now, behind others that are not.
      { do: 'expunge', from: 'INBOX', uids: uids.slice(TRANSACTION_COPIES), bypass: false },
    ];
  }
  // 1 becomes 2, 4, 8 ... 96 with the last part: the next copies find the blob full.
  const doublings = [1, 2, 4, 8, 16, 32].map(
    (length): MailRequest => ({ do: 'copy', from: 'INBOX', to: 'INBOX', uids: firstUids(length) }),
  );
  const rest = INSTANCES_MAX - 4 - 64;
  return [
    { do: 'deliver', to: 'INBOX', mails: [plain('p')] },
    ...doublings,
    { do: 'copy', from: 'INBOX', to: 'Archive', uids: firstUids(rest) },
  ];
}

const firstUids = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);
