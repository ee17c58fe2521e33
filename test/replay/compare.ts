/** What was expected beside what there is, by the rules of the scenario format. */
import { isDeepStrictEqual } from 'node:util';
import type { MessageAnswer } from '../../functions/contract/api.ts';
import { MismatchError } from './failures.ts';
import type { Session } from './session.ts';

/** Save dates were read to the second. */
const SAVED_TOLERANCE_SECONDS = 2;

export interface ExpectedMessage {
  readonly uid?: number;
  readonly message?: string;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
  readonly internalDate?: string;
  readonly savedAgo?: number;
  readonly guid?: string;
}

export interface MessageRules {
  readonly ignoreFlags?: readonly string[];
  /** Epoch milliseconds of the reading. */
  readonly now: number;
  /** Seconds by which times can be off. */
  readonly slackSeconds: number;
}

/** @throws MismatchError */
export function same(what: string, expected: unknown, got: unknown): void {
  if (!isDeepStrictEqual(expected, got)) throw new MismatchError(what, expected, got);
}

/** Lists of names in any order. @throws MismatchError */
export function sameNames(what: string, expected: readonly string[], got: readonly string[]): void {
  same(what, expected.toSorted(), got.toSorted());
}

/** Messages in UID order, all of them. @throws MismatchError */
export function sameMessages(
  session: Session,
  where: string,
  expected: readonly ExpectedMessage[],
  found: readonly MessageAnswer[],
  rules: MessageRules,
): void {
  const got = found.map(({ uid, subject }) => ({ uid, message: subject }));
  if (expected.length !== found.length) {
    throw new MismatchError(`messages of ${where}`, expected, got);
  }
  for (const [index, wanted] of expected.entries()) {
    const message = found[index];
    if (message !== undefined) sameMessage(session, where, wanted, message, rules);
  }
}

function sameMessage(
  session: Session,
  where: string,
  wanted: ExpectedMessage,
  got: MessageAnswer,
  rules: MessageRules,
): void {
  const name = `${where} UID ${got.uid}`;
  if (wanted.message !== undefined) same(`${name}: message`, wanted.message, got.subject);
  if (wanted.uid !== undefined) {
    same(`${name}: uid`, wanted.uid, got.uid);
    const counted = (flags: readonly string[]) =>
      flags.filter((flag) => rules.ignoreFlags?.includes(flag) !== true);
    sameNames(`${name}: flags`, counted(wanted.flags ?? []), counted(got.flags));
    sameNames(`${name}: keywords`, wanted.keywords ?? [], got.keywords);
  }
  if (wanted.internalDate !== undefined) {
    const [one, other] = [wanted.internalDate, got.internalDate].map((date) => Date.parse(date));
    same(`${name}: internalDate`, one, Math.floor((other ?? 0) / 1000) * 1000);
  }
  if (wanted.savedAgo !== undefined) {
    const ago = (rules.now - Date.parse(got.saveDate)) / 1000;
    const off = ago - wanted.savedAgo;
    if (Math.abs(off) > SAVED_TOLERANCE_SECONDS + rules.slackSeconds) {
      throw new MismatchError(`${name}: savedAgo`, wanted.savedAgo, ago);
    }
  }
  if (wanted.guid !== undefined) sameGuid(session, name, wanted.guid, got.guid);
}

/** Equal labels mean equal GUIDs, different ones different GUIDs, over the whole scenario. */
export function sameGuid(session: Session, name: string, label: string, guid: string): void {
  const known = session.guids.get(label);
  if (known !== undefined) same(`${name}: guid ${label}`, known, guid);
  const other = [...session.guids].find(([one, value]) => one !== label && value === guid);
  if (other !== undefined) {
    throw new MismatchError(`${name}: guid`, `another than that of ${other[0]}`, guid);
  }
  session.guids.set(label, guid);
}
