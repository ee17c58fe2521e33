/** What Dovecot keeps beside the mail of a Maildir: UIDs, keywords, subscriptions. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UID_MAX } from '../../functions/contract/limits.ts';
import { openInside, readInside, type SourceRoot } from './inside.ts';
import { type FolderUids, mailboxPath } from './mail-source.ts';
import { decodeModifiedUtf7 } from './modified-utf7.ts';

export const UIDLIST_FILE = 'dovecot-uidlist';
export const KEYWORDS_FILE = 'dovecot-keywords';
export const SUBSCRIPTIONS_FILE = 'subscriptions';

/** Letters a to z in file names stand for the keywords 0 to 25 of the folder. */
const KEYWORD_LINE = /^(\d{1,2}) (\S+)$/;
const LETTERS = 26;
const FIRST_LETTER = 'a'.charCodeAt(0);

/** All letters, in the order of the numbers that `dovecot-keywords` has for them. */
export const KEYWORD_LETTERS: readonly string[] = Array.from({ length: LETTERS }, (_, number) =>
  String.fromCharCode(FIRST_LETTER + number),
);

/** `3 V<uidvalidity> N<uidnext> G<guid>`, or of old `1 <uidvalidity> <uidnext>`. */
const HEADER = /^3 (?:.* )?V(\d+)(?: |$)/;
const HEADER_NEXT = / N(\d+)(?: |$)/;
const OLD_HEADER = /^1 (\d+) (\d+)\s*$/;

/**
 * `<uid> [<letter><value> ...] :<file name>`, or of old `<uid> <file name>`. A value may hold a colon:
 * UIDLs of POP3 are kept as they were.
 */
const LINE = /^(\d+) (?:.*? )??:(.+)$/;
const OLD_LINE = /^(\d+) (.+)$/;

export interface UidList extends FolderUids {
  /** By the part of the file name before the flags. */
  readonly byName: ReadonlyMap<string, number>;
  /** Lines that are none, or say again what another one said. */
  readonly oddLines: number;
}

/**
 * What stands between the name of a file and its flags: a colon, or what copies to other file
 * systems make of it. `\uf03a` and `\uf022` are those of Services for Macintosh and of Cygwin.
 */
const SEPARATORS = '[:;!\uf03a\uf022\uff1a_-]|%3[Aa]';

/** Only a name that ends with flags has lost its colon without a trace. */
const INFO = new RegExp(`^(.+?)(?:(?:${SEPARATORS})+2,.*|2,[DFPRSTa-z]*)$`, 'u');
const FLAGS_AFTER = new RegExp(
  `(?:${SEPARATORS}|^)2,([A-Za-z]*)(?![\\s\\S]*(?:${SEPARATORS})2,)`,
  'u',
);

/** The part of a file name that stays when flags change: Dovecot ends it with the first colon. */
export function baseName(name: string): string {
  const colon = name.indexOf(':');
  return colon > 0 ? name.slice(0, colon) : (INFO.exec(name)?.[1] ?? name);
}

/** Letters of the flags in a file name: the last that there are, as Dovecot reads them. */
export function flagLetters(name: string): string {
  const base = baseName(name);
  return base === name ? '' : (FLAGS_AFTER.exec(name.slice(base.length))?.[1] ?? '');
}

/**
 * Reads `dovecot-uidlist`. It may be behind the folder: files that it does not name have no UID
 * yet, and UIDNEXT in its header counts only where lines do not go beyond it.
 * @returns undefined when there is none, or it is not one
 */
export async function readUidList(root: SourceRoot, folder: string): Promise<UidList | undefined> {
  const file = await openInside(root, join(folder, UIDLIST_FILE)).catch(() => undefined);
  if (file === undefined) return undefined;
  const input = file.createReadStream();
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let list: UidListReader | undefined;
  try {
    for await (const line of lines) {
      if (list !== undefined) list.add(line);
      else {
        list = UidListReader.begin(line);
        if (list === undefined) return undefined;
      }
    }
  } catch {
    return undefined;
  } finally {
    input.destroy();
  }
  return list;
}

/** Whether a folder has a list, whatever is in it; a link is none, and is told elsewhere. */
export async function holdsUidList(folder: string): Promise<boolean> {
  const stat = await lstat(join(folder, UIDLIST_FILE)).catch(() => undefined);
  return stat?.isFile() === true;
}

class UidListReader implements UidList {
  readonly uidValidity: number;
  readonly byName = new Map<string, number>();
  uidNext: number;
  oddLines = 0;
  readonly #line: RegExp;
  readonly #uids = new Set<number>();

  private constructor(uidValidity: number, uidNext: number, line: RegExp) {
    this.uidValidity = uidValidity;
    this.uidNext = uidNext;
    this.#line = line;
  }

  static begin(header: string): UidListReader | undefined {
    const old = OLD_HEADER.exec(header);
    const uidValidity = Number(old?.[1] ?? HEADER.exec(header)?.[1]);
    if (!(uidValidity >= 1 && uidValidity < 2 ** 32)) return undefined;
    const uidNext = Number(old?.[2] ?? HEADER_NEXT.exec(header)?.[1] ?? 1);
    const bounded = Math.min(Math.max(uidNext, 1), UID_MAX + 1);
    return new UidListReader(uidValidity, bounded, old === null ? LINE : OLD_LINE);
  }

  add(line: string): void {
    const match = this.#line.exec(line);
    const uid = Number(match?.[1]);
    const base = baseName(match?.[2] ?? '');
    const isGiven = this.#uids.has(uid) || this.byName.has(base);
    if (base === '' || isGiven || !(uid >= 1 && uid <= UID_MAX)) {
      this.oddLines += 1;
      return;
    }
    this.#uids.add(uid);
    this.byName.set(base, uid);
    this.uidNext = Math.max(this.uidNext, uid + 1);
  }
}

/** Keywords of a folder by their letters; none when the file cannot be read. */
export async function readKeywords(root: SourceRoot, folder: string): Promise<Map<string, string>> {
  const text = await readInside(root, join(folder, KEYWORDS_FILE));
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = KEYWORD_LINE.exec(line.trim());
    const index = Number(match?.[1]);
    if (match?.[2] === undefined || index >= LETTERS) continue;
    found.set(KEYWORD_LETTERS[index] ?? '', match[2]);
  }
  return found;
}

/**
 * Subscribed names, as mailbox paths.
 * @param separator of levels in the file's first form; its second separates them by tabs
 */
export async function readSubscriptions(root: SourceRoot, separator: '.' | '/'): Promise<string[]> {
  const text = await readInside(root, join(root.path, SUBSCRIPTIONS_FILE));
  const lines = text.split('\n');
  const second = /^V\t2$/.test(lines[0] ?? '');
  const names = (second ? lines.slice(1) : lines).filter((line) => line !== '');
  const paths = names.map((name) => {
    const levels = second
      ? name.split('\t').map(unescaped).map(withoutSlash)
      : name.split(separator);
    return mailboxPath(levels.filter((level) => level !== '').map(decodedLevel));
  });
  return [...new Set(paths)];
}

/**
 * A level of a name as it is on disk: in modified UTF-7, or in UTF-8 where Dovecot was told so, with
 * the escapes of its plugin listescape. A slash within a level stays escaped: here it would make two.
 */
export const decodedLevel = (level: string): string =>
  withoutSlash(
    (decodeModifiedUtf7(level) ?? level).replace(/\\([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  );

const withoutSlash = (level: string): string => level.replaceAll('/', '\\2f');

/** Of Dovecot, of Courier, of mbsync, and what NFS leaves of files that are open. */
const OWN_FILES = [
  /^\.?dovecot-(?:uidlist|uidvalidity|keywords|acl|acl-list|attributes|quota)(?:\.[0-9a-f]+|\.lock|\.tmp)?$/,
  /^\.?dovecot\.(?:list\.)?index(?:\.(?:cache|log|log\.2|backup|thread|pvt|search[.\w]*))*$/,
  /^\.?dovecot\.(?:mailbox\.log(?:\.2)?|sieve|svbin|sieve\.log)$/,
  /^(?:subscriptions|maildirfolder|maildirsize)$/,
  /^courier(?:imap\w+|pop3\w+)(?:\.\w+)?$/,
  /^\.(?:mbsyncstate(?:\.(?:journal|new|lock))?|uidvalidity|isyncuidmap\.db)$/,
];

/** Files that a store keeps beside the mail of a Maildir. */
export const isOwnFile = (name: string): boolean => OWN_FILES.some((own) => own.test(name));

const ESCAPED: Readonly<Record<string, string>> = {
  '0': '\0',
  '1': String.fromCharCode(1),
  t: '\t',
  r: '\r',
  n: '\n',
};

const ESCAPE = String.fromCharCode(1);
const ESCAPES = new RegExp(`${ESCAPE}([01trn])`, 'g');

/** Dovecot writes tabs and line ends of names as a control character and a letter. */
const unescaped = (level: string): string =>
  level.replaceAll(ESCAPES, (_, letter: string) => ESCAPED[letter] ?? '');
