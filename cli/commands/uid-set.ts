/** UIDs as people write them: `1,3-5`. */
import { InvalidArgumentError } from 'commander';
import { UID_MAX } from '../../functions/contract/limits.ts';

/** Twenty requests; more is a matter for a query. */
const UIDS_MAX = 100_000;

const PART = /^(\d{1,10})(?:[-:](\d{1,10}))?$/;

/** @returns in ascending order, each once @throws InvalidArgumentError */
export function parseUidSet(text: string): readonly number[] {
  const uids = new Set<number>();
  for (const part of text.split(',')) {
    const [, first = '', last = first] = PART.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from < 1 || to < from || to > UID_MAX) {
      throw new InvalidArgumentError(
        `Got ${JSON.stringify(part)}, allowed are UIDs from 1 to ${UID_MAX}, such as 7 or 1,3-5.`,
      );
    }
    if (to - from >= UIDS_MAX) throw tooMany();
    for (let uid = from; uid <= to; uid++) uids.add(uid);
    if (uids.size > UIDS_MAX) throw tooMany();
  }
  return [...uids].sort((one, other) => one - other);
}

const tooMany = () =>
  new InvalidArgumentError(`More than ${UIDS_MAX} UIDs, which is what is allowed at a time.`);
