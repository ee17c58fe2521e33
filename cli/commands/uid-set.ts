/** UIDs as people write them: `1,3-5`, and as IMAP does: `1:*`. */
import { InvalidArgumentError } from 'commander';
import { UID_MAX } from '../../functions/contract/limits.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** Twenty requests; more is a matter for a query. */
const UIDS_MAX = 100_000;

const PART = /^(\d{1,10}|\*)(?:[-:](\d{1,10}|\*))?$/;

interface UidRange {
  readonly first: number;
  /** Infinity is the last that is there. */
  readonly last: number;
}

export type UidSet = readonly UidRange[];

/** Options in which each UID is named. */
export type WithNamedUids<O> = Omit<O, 'uid'> & { readonly uid?: readonly number[] };

type Pages = AsyncIterable<readonly { readonly uid: number }[]>;

/** @throws InvalidArgumentError */
export function parseUidSet(text: string): UidSet {
  const set = text.split(',').map((part) => toRange(part.trim()));
  const named = set.filter(isNamed).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (named > UIDS_MAX) {
    throw new InvalidArgumentError(
      `More than ${UIDS_MAX} UIDs, which is what is allowed at a time. With an end of * only those that are there count.`,
    );
  }
  return set;
}

function toRange(part: string): UidRange {
  const [, first = '', last = first] = PART.exec(part) ?? [];
  const range = { first: toNumber(first), last: toNumber(last) };
  if (first === '' || range.first < 1 || range.last < range.first) {
    throw new InvalidArgumentError(
      `Got ${JSON.stringify(part)}, allowed are UIDs from 1 to ${UID_MAX}, such as 7, 1,3-5 or 1:*.`,
    );
  }
  if (isNamed(range) && range.last > UID_MAX) {
    throw new InvalidArgumentError(`Got ${JSON.stringify(part)}, allowed are 1 to ${UID_MAX}.`);
  }
  return range;
}

const toNumber = (text: string): number => (text === '*' ? Number.POSITIVE_INFINITY : Number(text));

/** Known without a look at what is there. */
const isNamed = ({ last }: UidRange): boolean => last !== Number.POSITIVE_INFINITY;

/**
 * Options with the UIDs that a set means. What is there is looked at only for sets that end in `*`:
 * `*` alone is the last message, `7:*` is every message from 7 on. Other than in IMAP it is none
 * where all have lower UIDs: nobody who writes that means the last one.
 * @param there lists what there is, by rising UIDs
 */
export async function withUids<O extends { readonly uid?: UidSet }>(
  { uid: set, ...options }: O,
  there: () => Pages | Promise<Pages>,
): Promise<WithNamedUids<O>> {
  if (set === undefined) return options;
  const uids = new Set<number>();
  for (const { first, last } of set.filter(isNamed)) {
    for (let uid = first; uid <= last; uid++) uids.add(uid);
  }
  const open = set.filter((range) => !isNamed(range)).map(({ first }) => first);
  if (open.length > 0) {
    const from = Math.min(...open);
    let newest: number | undefined;
    for await (const page of await there()) {
      for (const { uid } of page) if (uid >= from) uids.add(uid);
      newest = page.at(-1)?.uid ?? newest;
    }
    if (open.includes(Number.POSITIVE_INFINITY) && newest !== undefined) uids.add(newest);
  }
  return { ...options, uid: [...uids].sort((one, other) => one - other) };
}

/** UIDs mean something in a mailbox only. @throws CliError 64 */
export function requireNamedMailbox(mailbox: string | undefined, options: string): string {
  if (mailbox !== undefined) return mailbox;
  throw new CliError(EXIT.usage, `--mailbox is missing: ${options} it`);
}
