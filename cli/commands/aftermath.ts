/** What comes back of mail that ends, until when and how, and what does not. */
import type { Aftermath } from '../../functions/contract/mail-api.ts';
import type { Field } from '../output/records.ts';
import { count, counted, safe } from '../output/text.ts';

type By = NonNullable<Aftermath['recoverable']>['by'];

const COMMANDS: Readonly<Record<By, string>> = {
  'messages/restore': 'lethe message restore',
  'messages/unexpunge': 'lethe message unexpunge',
  'mailboxes/undelete': 'lethe mailbox undelete',
};

export const AFTERMATH_FIELDS: readonly Field<Aftermath>[] = [
  {
    name: 'recoverable',
    value: ({ recoverable }) => recoverable?.messages,
    shown: ({ recoverable }) => count(recoverable?.messages ?? 0),
  },
  { name: 'recoverableUntil', value: ({ recoverable }) => recoverable?.until },
  { name: 'goneForGood', value: ({ goneForGood }) => goneForGood },
];

/** Of answers that go on where the one before stopped. */
export function aftermathOf(answers: readonly Aftermath[]): Aftermath {
  const parts = answers.flatMap(({ recoverable }) => recoverable ?? []);
  const sum = (of: (answer: Aftermath) => number | undefined) =>
    answers.reduce((total, answer) => total + (of(answer) ?? 0), 0);
  const [elsewhere, gone] = [
    sum((answer) => answer.elsewhere),
    sum(({ goneForGood }) => goneForGood),
  ];
  const [first] = parts;
  const [until] = parts.flatMap((part) => part.until ?? []).sort();
  const messages = parts.reduce((total, part) => total + part.messages, 0);
  const ends = until === undefined ? {} : { until };
  return {
    ...(first === undefined ? {} : { recoverable: { messages, ...ends, by: first.by } }),
    ...(elsewhere === 0 ? {} : { elsewhere }),
    ...(gone === 0 ? {} : { goneForGood: gone }),
  };
}

/** @returns undefined when the answer says nothing of it */
export function aftermathWords(
  { recoverable, elsewhere, goneForGood }: Aftermath,
  user: string,
  mailbox?: string,
): string | undefined {
  const said = [];
  if (recoverable !== undefined) {
    const { messages, until, by } = recoverable;
    const ends = until === undefined ? 'as long as nobody purges it' : `until ${minute(until)}`;
    const many = `${counted(messages, 'message')} can be brought back ${ends}`;
    const named = mailbox === undefined || by !== 'mailboxes/undelete' ? '' : ` ${safe(mailbox)}`;
    said.push(`${many} (${COMMANDS[by]} -u ${user}${named}).`);
  }
  if (elsewhere !== undefined) {
    const verb = elsewhere === 1 ? 'has' : 'have';
    said.push(`${counted(elsewhere, 'message')} ${verb} another copy in the account.`);
  }
  if (goneForGood !== undefined) {
    const verb = goneForGood === 1 ? 'is' : 'are';
    said.push(`${counted(goneForGood, 'message')} ${verb} gone for good.`);
  }
  return said.length === 0 ? undefined : said.join(' ');
}

/** `2026-12-31T10:00:59.123Z` as `2026-12-31 10:00 UTC`: rather too early than too late. */
const minute = (moment: string): string => `${moment.slice(0, 16).replace('T', ' ')} UTC`;
