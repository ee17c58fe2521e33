/** What comes back of mail that ends, until when and how, and what does not. */
import type { Aftermath, MoveAftermath, Recoverable } from '../../functions/contract/mail-api.ts';
import type { Field } from '../output/records.ts';
import { count, counted } from '../output/text.ts';
import { bringBackCommand, type Gone } from './bring-back.ts';

export const AFTERMATH_FIELDS: readonly Field<Aftermath>[] = [
  {
    name: 'recoverable.messages',
    label: 'recoverable',
    value: ({ recoverable }) => recoverable?.messages,
    shown: ({ recoverable }) => count(recoverable?.messages ?? 0),
  },
  {
    name: 'recoverable.until',
    label: 'recoverable until',
    value: ({ recoverable }) => recoverable?.until,
  },
  { name: 'goneForGood', value: ({ goneForGood }) => goneForGood },
];

/** The first that ends, and the smallest place that keeps them, say it for all. */
function together<T extends Omit<Recoverable, 'by'>>(parts: readonly T[]): T | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const [until] = parts.flatMap((part) => part.until ?? []).sort();
  const bounds = parts.flatMap((part) => part.maxMails ?? []);
  return {
    ...first,
    messages: parts.reduce((total, part) => total + part.messages, 0),
    ...(until === undefined ? {} : { until }),
    ...(bounds.length === 0 ? {} : { maxMails: Math.min(...bounds) }),
    ...(parts.some(({ atMost }) => atMost) ? { atMost: true } : {}),
  };
}

/** Of answers that go on where the one before stopped. */
export function aftermathOf(answers: readonly MoveAftermath[]): MoveAftermath {
  const sum = (of: (answer: Aftermath) => number | undefined) =>
    answers.reduce((total, answer) => total + (of(answer) ?? 0), 0);
  const [others, gone] = [sum(({ elsewhere }) => elsewhere), sum((one) => one.goneForGood)];
  const recoverable = together(answers.flatMap((answer) => answer.recoverable ?? []));
  const leftBehind = together(answers.flatMap((answer) => answer.leftBehind ?? []));
  const live = together(answers.flatMap((answer) => answer.live ?? []));
  return {
    ...(recoverable === undefined ? {} : { recoverable }),
    ...(others === 0 ? {} : { elsewhere: others }),
    ...(gone === 0 ? {} : { goneForGood: gone }),
    ...(leftBehind === undefined ? {} : { leftBehind }),
    ...(live === undefined ? {} : { live }),
  };
}

/** What is known of it besides. */
interface Found extends Gone {
  readonly complete?: boolean;
}

/** @returns undefined when the answer says nothing of it */
export function aftermathWords(
  { recoverable, elsewhere, goneForGood }: Aftermath,
  user: string,
  found: Found = {},
): string | undefined {
  const said = [];
  const least = found.complete === false ? 'at least ' : '';
  if (recoverable !== undefined) {
    const most = recoverable.atMost ? 'at most ' : least;
    const many = counted(recoverable.messages, 'message');
    said.push(`${most}${many} can be brought back ${untilWhen(recoverable, user, found)}.`);
  }
  if (elsewhere !== undefined) {
    const verb = elsewhere === 1 ? 'has' : 'have';
    said.push(`${counted(elsewhere, 'message')} ${verb} another copy in the account.`);
  }
  if (goneForGood !== undefined) {
    const verb = goneForGood === 1 ? 'is' : 'are';
    said.push(`${least}${counted(goneForGood, 'message')} ${verb} gone for good.`);
  }
  return said.length === 0 ? undefined : said.join(' ');
}

/** The same of a move, with what it left behind and what it took out of a storage. */
export function moveWords(
  { leftBehind, live, ...aftermath }: MoveAftermath,
  user: string,
  found: Found = {},
): string | undefined {
  const said = [aftermathWords(aftermath, user, found) ?? []].flat();
  if (leftBehind !== undefined) {
    const copies = counted(leftBehind.messages, 'expunged copy', 'expunged copies');
    const verb = leftBehind.messages === 1 ? 'is' : 'are';
    said.push(`${copies} ${verb} left behind, ${untilWhen(leftBehind, user, found)}.`);
  }
  if (live !== undefined) said.push(liveWords(live));
  return said.length === 0 ? undefined : said.join(' ');
}

function liveWords({ messages, until, maxMails }: NonNullable<MoveAftermath['live']>): string {
  const verb = messages === 1 ? 'is' : 'are';
  const out = `${counted(messages, 'message')} ${verb} out of the expunge storage`;
  const ends = [
    ...(until === undefined ? [] : [`from ${minute(until)} on`]),
    ...(maxMails === undefined ? [] : [`beyond ${count(maxMails)} messages`]),
  ];
  if (ends.length === 0) return `${out}, and stay${messages === 1 ? 's' : ''} until deleted.`;
  return `${out}; the autoexpunge of the mailbox ends what is in it ${ends.join(', and ')}.`;
}

/** `until 2026-12-31 10:00 UTC (lethe message restore -u john@example.com)` */
function untilWhen({ until, maxMails, by }: Recoverable, user: string, found: Found): string {
  const ends = until === undefined ? 'as long as nobody purges it' : `until ${minute(until)}`;
  const full =
    maxMails === undefined ? '' : `, or until the storage holds ${count(maxMails)} newer ones`;
  return `${ends}${full} (${bringBackCommand(by, user, found)})`;
}

/** `2026-12-31T10:00:59.123Z` as `2026-12-31 10:00 UTC`: rather too early than too late. */
const minute = (moment: string): string => `${moment.slice(0, 16).replace('T', ' ')} UTC`;
