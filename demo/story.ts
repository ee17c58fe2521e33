/** What the demo shows, in its order. Each part ends with an error when it is not as it must be. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import { counted, dollars, size } from '../cli/output/text.ts';
import type { AccountAnswer, MailboxAnswer, MessageAnswer } from '../functions/contract/api.ts';
import { type Instance, sdkOptions } from '../local/instance.ts';
import { certificatePayload, tamper } from './demo-certificate.ts';
import { DemoError, emphasize, type LetheRunner, say } from './lethe-runner.ts';
import { type Listing, listAccount } from './listing.ts';
import { withoutSection } from './screen.ts';

const USER = 'john@example.com';
/** The other account's address begins like the first one's: it must not be touched. */
const NEIGHBOUR = 'john@example.com.au';

/** No such user (EX_NOUSER). */
const NO_USER = 67;

const LATE_MAIL = `From: a late writer <late@example.net>
To: ${USER}
Subject: one more

This comes while the account is being erased.
`;

export interface Stage {
  readonly instance: Instance;
  readonly lethe: LetheRunner;
  /** In which the commands run. */
  readonly workDirectory: string;
}

/** Paths as the commands get them. */
export interface Mailboxes {
  readonly shown: string;
  readonly few: string;
  /** What the shown one is. */
  readonly about: string;
}

/** A message as `message fetch` takes it. */
interface Place {
  readonly mailbox: string;
  readonly uid: number;
}

let parts = 0;

export function heading(title: string): void {
  parts += 1;
  say('');
  say(emphasize(`${parts}. ${title}`));
}

const isError = (line: string): boolean => line.startsWith('lethe: ');
/** Steps are shown as they begin, without their counters: the certificate has them. */
const isNoDetail = (line: string): boolean => !/^[\d:]{8} [^:]+: (?!failed)/.test(line);
const nothing = (): readonly string[] => [];

export async function tellStory(stage: Stage, mailboxes: Mailboxes): Promise<void> {
  const { instance, lethe } = stage;
  heading('Two accounts, and mail for both');
  const add = (user: string) => lethe.json<AccountAnswer>('user', 'add', user);
  const [{ accountId }, neighbour] = [await add(USER), await add(NEIGHBOUR)];
  say(`${USER} gets ${mailboxes.about}.`);
  const imported = ['import', '-u', USER, mailboxes.shown];
  // 65: something of it is no mail, which is told.
  await lethe.show(imported, { data: nothing, exitCodes: [EXIT.badData] });
  await lethe.json('import', '-u', NEIGHBOUR, mailboxes.few);
  say(`${NEIGHBOUR} has some mail, too: its address begins like the other.`);

  heading('A folder that was deleted comes back as it was');
  const held = await lethe.json<MailboxAnswer[]>('mailbox', 'list', '-u', USER);
  await bringBack(lethe, held);
  const message = await firstMessage(lethe, held);
  const look = (id: string) => listAccount(instance.outputs, sdkOptions(instance), id);
  const [before, others] = [await look(accountId), await look(neighbour.accountId)];

  heading('The account is erased, while somebody still writes');
  await fetchMessage(lethe, message, true);
  const operationId = await erase(stage);
  await fetchMessage(lethe, message, false);

  heading('The certificate, checked with nothing but the public key');
  await checkCertificate(stage, operationId);

  heading('What is left, as S3 and DynamoDB list it themselves');
  const [after, othersNow] = [await look(accountId), await look(neighbour.accountId)];
  say(`${USER} had ${listed(before)};`);
  say(`it has ${listed(after)}.`);
  if (Object.values(after).some((left) => left !== 0)) {
    throw new DemoError('Something of the erased account is left.');
  }
  if (JSON.stringify(othersNow) !== JSON.stringify(others)) {
    throw new DemoError(`${NEIGHBOUR} was touched: ${listed(othersNow)}.`);
  }
  say(`${NEIGHBOUR} is as it was: ${listed(others)}.`);
}

const listed = ({ versions, deleteMarkers, uploads, accountRows }: Listing): string =>
  `${counted(versions, 'object version')}, ${counted(deleteMarkers, 'delete marker')}, ` +
  `${counted(uploads, 'upload')}, ${counted(accountRows, 'row')}`;

/** The largest folder: deleted, and brought back with what it had. */
async function bringBack(lethe: LetheRunner, held: readonly MailboxAnswer[]): Promise<void> {
  const folders = held.filter(({ path, messages }) => path !== 'INBOX' && messages > 0);
  const [folder] = folders.sort((a, b) => b.messages - a.messages);
  if (folder === undefined) {
    say('Not shown: this mailbox has mail in the INBOX only.');
    return;
  }
  const { path } = folder;
  await lethe.show(['mailbox', 'delete', path, '-u', USER, '--yes'], { data: nothing });
  await lethe.show(['mailbox', 'undelete', path, '-u', USER], { data: nothing });
  const now = await lethe.json<MailboxAnswer[]>('mailbox', 'list', '-u', USER);
  const back = now.find((one) => one.path === path);
  if (JSON.stringify(back) !== JSON.stringify(folder)) {
    throw new DemoError(`${path} came back as something else.`);
  }
  say(`${path} holds ${counted(folder.messages, 'message')} again, with the same UIDs.`);
}

async function firstMessage(lethe: LetheRunner, held: readonly MailboxAnswer[]): Promise<Place> {
  const mailbox = held.find(({ messages }) => messages > 0)?.path ?? 'INBOX';
  const listing = ['message', 'list', '-u', USER, '-m', mailbox];
  const [first] = await lethe.json<MessageAnswer[]>(...listing);
  if (first === undefined) throw new DemoError(`There is no message in ${mailbox}.`);
  return { mailbox, uid: first.uid };
}

async function fetchMessage(
  lethe: LetheRunner,
  { mailbox, uid }: Place,
  isThere: boolean,
): Promise<void> {
  const words = ['message', 'fetch', '-u', USER, '-m', mailbox, '--uid', String(uid)];
  const data = (_lines: readonly string[], bytes: number) => [`(the message, ${size(bytes)})`];
  await lethe.show(words, isThere ? { data } : { data: nothing, exitCodes: [NO_USER] });
}

/** @returns the id of the operation */
async function erase({ lethe, workDirectory }: Stage): Promise<string> {
  const started = await lethe.show(['user', 'delete', USER, '--yes', '--no-wait'], {
    data: nothing,
  });
  await writeFile(join(workDirectory, 'late.eml'), LATE_MAIL);
  const late = await lethe.show(['import', '-u', USER, 'late.eml'], {
    data: nothing,
    said: isError,
    exitCodes: [EXIT.retryLater, NO_USER],
  });
  if (late.exitCode === 0) throw new DemoError('The late writer was let in.');
  const operationId = /^operationId=(\S+)$/m.exec(started.data.toString())?.[1] ?? '';
  await lethe.show(['operation', 'wait', operationId], { data: nothing, said: isNoDetail });
  return operationId;
}

async function checkCertificate(
  { lethe, workDirectory }: Stage,
  operationId: string,
): Promise<void> {
  const file = join(workDirectory, 'certificate.json');
  await lethe.show(['certificate', 'show', operationId, '--out', 'certificate.json'], {
    data: nothing,
    said: () => false,
  });
  const key = await lethe.show(['certificate', 'key'], { data: nothing });
  await writeFile(join(workDirectory, 'key.pem'), key.data);
  await lethe.show(['certificate', 'verify', 'certificate.json', '--key', 'key.pem'], {
    data: (lines) => withoutSection(lines, 'cost'),
  });
  const certificate = await readFile(file, 'utf8');
  const { cost } = certificatePayload(certificate);
  say(
    `It cost ${dollars(cost.dollars)}: what this erasure asked of S3, DynamoDB, Lambda and Step Functions ` +
      `before it was certified, at the list prices of ${cost.pricesOf}; no storage, no free tier.`,
  );
  say('Somebody changes one number in it:');
  await writeFile(join(workDirectory, 'tampered.json'), tamper(certificate));
  const refused = await lethe.show(['certificate', 'verify', 'tampered.json', '--key', 'key.pem'], {
    exitCodes: [EXIT.badData],
  });
  if (refused.exitCode === 0) throw new DemoError('A tampered certificate was taken for valid.');
}
