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

/** What a command that brings mail back needs to know. */
interface Found {
  readonly mailbox?: string | undefined;
  readonly deletionId?: string | undefined;
  readonly complete?: boolean;
}

/** Such that the command runs as it is printed. */
function operandOf(by: By, { mailbox, deletionId }: Found): string {
  const isName = mailbox !== undefined && !/[*%]/.test(mailbox);
  if (by === 'mailboxes/undelete') {
    if (deletionId !== undefined) return `--deletion ${shellWord(deletionId)}`;
    return isName ? shellWord(mailbox) : '--deletion ID, "lethe mailbox deleted" lists them';
  }
  if (by === 'messages/unexpunge') return `-m ${isName ? shellWord(mailbox) : 'MAILBOX'} --all`;
  return isName ? `--origin ${shellWord(mailbox)}` : "--query '{}'";
}

/** As a shell takes it for one word. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${safe(text).replaceAll("'", "'\\''")}'`;

/** @returns undefined when the answer says nothing of it */
export function aftermathWords(
  { recoverable, elsewhere, goneForGood }: Aftermath,
  user: string,
  found: Found = {},
): string | undefined {
  const said = [];
  if (recoverable !== undefined) {
    const { messages, until, maxMails, atMost, by } = recoverable;
    const ends = until === undefined ? 'as long as nobody purges it' : `until ${minute(until)}`;
    const full =
      maxMails === undefined ? '' : `, or until the storage holds ${count(maxMails)} newer ones`;
    const least = found.complete === false ? 'at least ' : '';
    const most = atMost ? 'at most ' : least;
    const command = `${COMMANDS[by]} -u ${shellWord(user)} ${operandOf(by, found)}`;
    said.push(`${most}${counted(messages, 'message')} can be brought back ${ends}${full}`);
    said[0] = `${said[0]} (${command.trimEnd()}).`;
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
