/** Makes a Maildir of varied messages: `node demo/make-mailbox.ts <directory> [messages] [seed]`. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModifiedUtf7 } from '../cli/import/modified-utf7.ts';
import { machineNow } from '../local/machine-clock.ts';
import { type DemoFolder, FOLDERS } from './mail-texts.ts';
import { type MessageKind, MessageMaker } from './message-maker.ts';
import { SeededRandom } from './seeded-random.ts';

export const DEFAULT_MESSAGES = 3000;
const DEFAULT_SEED = 1;
const DAY_MS = 86_400_000;
const PERIOD_MS = 2 * 365 * DAY_MS;

/** Files written at a time. */
const WRITES_MAX = 32;

/** Keywords of a folder, as Dovecot lists them: the first is letter `a` in file names. */
const KEYWORDS = ['$Work', '$Label1', 'todo'] as const;

export interface MailboxOptions {
  /** Must not exist, or be empty. */
  readonly directory: string;
  readonly messages?: number;
  /** The same seed and `until` give the same files, byte for byte. */
  readonly seed?: number;
  /** Address of the owner. */
  readonly user?: string;
  /** The mail is of the two years before; the last midnight in UTC when missing. */
  readonly until?: Date;
}

export interface MailboxSummary {
  readonly messages: number;
  readonly bytes: number;
  readonly folders: ReadonlyMap<string, { readonly messages: number; readonly bytes: number }>;
  readonly kinds: ReadonlyMap<MessageKind, number>;
}

/**
 * Writes the Maildir.
 * @throws TypeError naming the option that is wrong, or the directory when it is not empty
 */
export async function makeMailbox(options: MailboxOptions): Promise<MailboxSummary> {
  const { directory, messages = DEFAULT_MESSAGES, seed = DEFAULT_SEED } = options;
  for (const [name, value] of Object.entries({ messages, seed })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(`${name}: got ${value}, allowed are whole numbers from 1`);
    }
  }
  const until = options.until?.getTime() ?? Math.floor(machineNow() / DAY_MS) * DAY_MS;
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new TypeError(`directory: ${directory} is not empty`);
  }
  for (const folder of FOLDERS) await makeFolder(folderPath(directory, folder));

  const random = new SeededRandom(seed);
  const maker = new MessageMaker(random, options.user ?? 'john@example.com');
  const folders = new Map(FOLDERS.map(({ mailbox }) => [mailbox, { messages: 0, bytes: 0 }]));
  const kinds = new Map<MessageKind, number>();
  let bytes = 0;
  let writes: Promise<void>[] = [];
  for (let number = 0; number < messages; number++) {
    const date = dateOf(number, messages, until, random);
    const folder = random.pickWeighted(WEIGHTED_FOLDERS);
    const { kind, raw } = await maker.make(date, folder.mailbox === 'Sent');
    const made = { folder, date, raw };
    writes.push(writeMessage(directory, made, fileName(made, number, random)));
    if (writes.length >= WRITES_MAX) {
      await Promise.all(writes);
      writes = [];
    }
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    bytes += raw.length;
    const sum = folders.get(folder.mailbox);
    if (sum === undefined) continue;
    sum.messages += 1;
    sum.bytes += raw.length;
  }
  await Promise.all(writes);
  return { messages, bytes, folders, kinds };
}

const [FIRST_FOLDER, ...OTHER_FOLDERS] = FOLDERS;
const WEIGHTED_FOLDERS: readonly [
  readonly [DemoFolder, number],
  ...(readonly [DemoFolder, number])[],
] = [
  [FIRST_FOLDER, FIRST_FOLDER.weight],
  ...OTHER_FOLDERS.map((folder) => [folder, folder.weight] as const),
];

/** Maildir++: `.Level.Level`, each in modified UTF-7; INBOX is the directory itself. */
function folderPath(directory: string, { mailbox }: DemoFolder): string {
  if (mailbox === 'INBOX') return directory;
  return join(directory, `.${mailbox.split('/').map(encodeModifiedUtf7).join('.')}`);
}

async function makeFolder(path: string): Promise<void> {
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(path, part), { recursive: true });
  const lines = KEYWORDS.map((keyword, index) => `${index} ${keyword}\n`);
  await writeFile(join(path, 'dovecot-keywords'), lines.join(''));
}

/** Evenly over the period, in order, each somewhere in its share of it. */
function dateOf(number: number, messages: number, until: number, random: SeededRandom): Date {
  const share = PERIOD_MS / messages;
  const time = until - PERIOD_MS + (number + random.next()) * share;
  return new Date(Math.floor(time / 1000) * 1000);
}

interface MadeMessage {
  readonly folder: DemoFolder;
  readonly date: Date;
  readonly raw: Buffer;
}

interface FileName {
  readonly part: 'cur' | 'new';
  readonly name: string;
}

/** `<seconds>.M<microseconds>P<process>.<host>,S=<size>:2,<flags>`, as Dovecot writes it. */
function fileName(
  { folder, date, raw }: MadeMessage,
  number: number,
  random: SeededRandom,
): FileName {
  const seconds = date.getTime() / 1000;
  const base = `${seconds}.M${random.integer(0, 999_999)}P${number}.demo,S=${raw.length}`;
  const seen = random.chance(folder.seen);
  // Only what no program has looked at yet lies in `new`, and it has no flags there.
  if (!seen && random.chance(0.3)) return { part: 'new', name: base };
  const flags = [
    folder.mailbox === 'Entwürfe' ? 'D' : '',
    random.chance(0.06) ? 'F' : '',
    random.chance(0.03) ? 'P' : '',
    seen && random.chance(0.2) ? 'R' : '',
    seen ? 'S' : '',
    folder.mailbox === 'Trash' && random.chance(0.5) ? 'T' : '',
    ...KEYWORDS.map((_, index) => (random.chance(0.04) ? 'abc'.charAt(index) : '')),
  ];
  return { part: 'cur', name: `${base}:2,${flags.join('')}` };
}

async function writeMessage(
  directory: string,
  { folder, date, raw }: MadeMessage,
  { part, name }: FileName,
): Promise<void> {
  const path = join(folderPath(directory, folder), part, name);
  await writeFile(path, raw);
  await utimes(path, date, date);
}

if (import.meta.main) {
  const [directory, messages, seed] = process.argv.slice(2);
  if (directory === undefined) {
    console.error('usage: node demo/make-mailbox.ts <directory> [messages] [seed]');
    process.exit(64);
  }
  const { bytes, folders, ...made } = await makeMailbox({
    directory,
    ...(messages === undefined ? {} : { messages: Number(messages) }),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
  console.log(`${made.messages} messages, ${bytes} bytes, in ${directory}`);
  for (const [mailbox, sum] of folders) console.log(`${sum.messages}\t${sum.bytes}\t${mailbox}`);
}
