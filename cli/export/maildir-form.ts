/**
 * Maildir++ as Dovecot reads it: UIDs and UIDVALIDITY in `dovecot-uidlist`, flags and letters of
 * keywords in the names of files, the keywords of the letters in `dovecot-keywords`.
 */
import { createHash } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { DELIMITER } from '../../functions/contract/mailbox-names.ts';
import {
  KEYWORD_LETTERS,
  KEYWORDS_FILE,
  readKeywords,
  SUBSCRIPTIONS_FILE,
  UIDLIST_FILE,
} from '../import/dovecot-files.ts';
import { rootOf } from '../import/inside.ts';
import { FORWARDED, MAILDIR_FLAGS, PASSED } from '../import/maildir-folder.ts';
import type { ExportDirectory } from './export-directory.ts';
import type { Brought, FolderJob, ListedMessage } from './export-form.ts';
import { maildirName } from './folder-names.ts';
import { bringFiles, type FileNaming, listFiles, syncFolder } from './message-files.ts';

/** Tells other programs that a folder of a Maildir is one. */
const FOLDER_MARK = 'maildirfolder';

/** `<seconds>.U<uid>V<uidvalidity>.lethe,S=<bytes>,W=<bytes with CRLF>:2,<flags>` */
const NAME = /^(\d+\.U(\d+)V\d+\.lethe,S=\d+,W=\d+)(?::2,[A-Za-z]*)?$/;

const GUID_DIGITS = 32;

/**
 * Brings a mailbox.
 * @param place of the folder, below the directory of the export
 */
export async function* bringMaildir(
  directory: ExportDirectory,
  place: string,
  job: FolderJob,
): AsyncGenerator<Brought> {
  await makeMaildir(directory, place);
  if (place !== '') await markFolder(directory, within(place, FOLDER_MARK));
  const letters = await assignLetters(directory, place, job);
  const folder = { directory, path: within(place, 'cur'), naming: namingOf(job, letters) };
  const { byUid, foreign } = await listFiles(folder);
  const delivered = await readdir(directory.at(within(place, 'new')));
  for (const name of [...foreign, ...delivered])
    job.note('has # that this export has not brought', name);
  const lines = new Map<number, string>();
  for await (const brought of bringFiles(folder, byUid, job)) {
    yield brought;
    if (!('message' in brought)) continue;
    const { uid, path } = brought.message;
    lines.set(uid, NAME.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? '');
  }
  if (job.stopped()) return;
  await writeUidList(directory, within(place, UIDLIST_FILE), job, lines);
  await syncFolder(folder);
}

/** Without an INBOX, the directory itself is a Maildir all the same: readers know it by that. */
export async function makeMaildir(directory: ExportDirectory, place: string): Promise<void> {
  for (const part of ['cur', 'new', 'tmp']) await directory.makeFolder(within(place, part));
}

const within = (place: string, name: string): string => (place === '' ? name : `${place}/${name}`);

async function markFolder(directory: ExportDirectory, mark: string): Promise<void> {
  const isThere = await access(directory.at(mark)).then(
    () => true,
    () => false,
  );
  if (!isThere) await directory.writeWhole(mark, '');
}

/** Letters that an earlier run gave stay what they are: names of files hold them. */
async function assignLetters(
  directory: ExportDirectory,
  place: string,
  { rows, note }: FolderJob,
): Promise<ReadonlyMap<string, string>> {
  const given = await readKeywords(await rootOf(directory.path), directory.at(place));
  const letters = new Map([...given].map(([letter, keyword]) => [keyword, letter]));
  const counts = new Map<string, number>();
  for (const { keywords } of rows) {
    for (const keyword of keywords) counts.set(keyword, (counts.get(keyword) ?? 0) + 1);
  }
  const free = KEYWORD_LETTERS.filter((letter) => !given.has(letter));
  const byUse = [...counts].sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1));
  for (const [keyword] of byUse) {
    if (letters.has(keyword)) continue;
    // Dovecot takes keywords that differ in case only for one.
    const twin = [...letters.keys()].find((one) => one.toLowerCase() === keyword.toLowerCase());
    const letter = twin === undefined ? free.shift() : undefined;
    if (letter !== undefined) letters.set(keyword, letter);
    else tellUnkept(rows, keyword, twin, note);
  }
  const lines = [...letters].map(
    ([keyword, letter]) => `${KEYWORD_LETTERS.indexOf(letter)} ${keyword}\n`,
  );
  if (letters.size > given.size) {
    await directory.writeWhole(within(place, KEYWORDS_FILE), lines.sort(byNumber).join(''));
  }
  return letters;
}

const byNumber = (a: string, b: string): number => Number.parseInt(a, 10) - Number.parseInt(b, 10);

function tellUnkept(
  rows: readonly ListedMessage[],
  keyword: string,
  twin: string | undefined,
  note: FolderJob['note'],
): void {
  const why = twin === undefined ? 'a Maildir has 26' : `it differs from "${twin}" in case only`;
  for (const { uid, keywords } of rows) {
    if (keywords.includes(keyword)) {
      note(`lost the keyword "${keyword}" on #, because ${why}; the manifest has it`, `UID ${uid}`);
    }
  }
}

function namingOf(
  { mailbox: { uidValidity } }: FolderJob,
  letters: ReadonlyMap<string, string>,
): FileNaming {
  return {
    uidOf(name) {
      const uid = NAME.exec(name)?.[2];
      return uid === undefined ? undefined : Number(uid);
    },
    nameOf(row, raw, before) {
      const base = NAME.exec(before ?? '')?.[1] ?? newBase(row, raw, uidValidity);
      return `${base}:2,${flagsOf(row, letters)}`;
    },
  };
}

/** The size, and the size that the message has with CRLF, spare Dovecot a reading. */
function newBase({ uid, internalDate }: ListedMessage, raw: Buffer, uidValidity: number): string {
  const seconds = Math.max(0, Math.floor(internalDate.getTime() / 1000));
  return `${seconds}.U${uid}V${uidValidity}.lethe,S=${raw.length},W=${raw.length + bareLines(raw)}`;
}

/** Line ends that are no CRLF. */
function bareLines(raw: Buffer): number {
  let found = 0;
  for (let at = raw.indexOf(0x0a); at !== -1; at = raw.indexOf(0x0a, at + 1)) {
    if (raw[at - 1] !== 0x0d) found += 1;
  }
  return found;
}

/** In the order of their codes, as Dovecot writes them. */
function flagsOf({ flags, keywords }: ListedMessage, letters: ReadonlyMap<string, string>): string {
  const system = Object.entries(MAILDIR_FLAGS).flatMap(([letter, flag]) =>
    flags.includes(flag) ? [letter] : [],
  );
  const passed = keywords.includes(FORWARDED) ? [PASSED] : [];
  const named = keywords.flatMap((keyword) => letters.get(keyword) ?? []);
  return [...system, ...passed, ...named].sort().join('');
}

async function writeUidList(
  directory: ExportDirectory,
  path: string,
  { mailbox }: FolderJob,
  lines: ReadonlyMap<number, string>,
): Promise<void> {
  const uids = [...lines.keys()].sort((a, b) => a - b);
  const uidNext = Math.max(mailbox.uidNext, (uids.at(-1) ?? 0) + 1);
  const key = `${mailbox.uidValidity} ${mailbox.path}`;
  const guid = createHash('sha256').update(key).digest('hex').slice(0, GUID_DIGITS);
  const text = uids.map((uid) => `${uid} :${lines.get(uid)}\n`).join('');
  await directory.writeWhole(path, `3 V${mailbox.uidValidity} N${uidNext} G${guid}\n${text}`);
}

/** The list of subscribed names, in its second form. */
export async function writeSubscriptions(
  directory: ExportDirectory,
  paths: readonly string[],
  utf8: boolean,
): Promise<void> {
  const lines = paths.map((path) => {
    const levels = path.split(DELIMITER).map((level) => maildirName([level], utf8));
    return `${levels.join('\t')}\n`;
  });
  await directory.writeWhole(SUBSCRIPTIONS_FILE, `V\t2\n\n${lines.join('')}`);
}
