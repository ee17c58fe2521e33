/** What Dovecot keeps beside the mail of a Maildir: UIDs, keywords, subscriptions. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UID_MAX } from '../../functions/contract/limits.ts';
import { type FolderUids, mailboxPath } from './mail-source.ts';
import { decodeModifiedUtf7 } from './modified-utf7.ts';

const UIDLIST_FILE = 'dovecot-uidlist';
const KEYWORDS_FILE = 'dovecot-keywords';
const SUBSCRIPTIONS_FILE = 'subscriptions';

/** Letters a to z in file names stand for the keywords 0 to 25 of the folder. */
const KEYWORD_LINE = /^(\d{1,2}) (\S+)$/;
const LETTERS = 26;

/** `3 V<uidvalidity> N<uidnext> G<guid>`, or of old `1 <uidvalidity> <uidnext>`. */
const HEADER = /^3 (?:.* )?V(\d+)(?: |$)/;
const HEADER_NEXT = / N(\d+)(?: |$)/;
const OLD_HEADER = /^1 (\d+) (\d+)\s*$/;

/** `<uid> [<letter><value> ...] :<file name>`, or of old `<uid> <file name>`. */
const LINE = /^(\d+) (?:[^:]* )?:(.+)$/;
const OLD_LINE = /^(\d+) (.+)$/;

export interface UidList extends FolderUids {
  /** By the part of the file name before the flags. */
  readonly byName: ReadonlyMap<string, number>;
}

/** The part of a file name that stays when flags change. */
export const baseName = (name: string): string => name.split(/[:;!]2,/, 1)[0] ?? name;

/**
 * Reads `dovecot-uidlist`. It may be behind the folder: files that it does not name have no UID
 * yet, and UIDNEXT in its header counts only where lines do not go beyond it.
 * @returns undefined when there is none, or it is not one
 */
export async function readUidList(folder: string): Promise<UidList | undefined> {
  const input = createReadStream(join(folder, UIDLIST_FILE));
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

class UidListReader implements UidList {
  readonly uidValidity: number;
  readonly byName = new Map<string, number>();
  uidNext: number;
  readonly #line: RegExp;

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
    if (match?.[2] === undefined || !(uid >= 1 && uid <= UID_MAX)) return;
    this.byName.set(baseName(match[2]), uid);
    this.uidNext = Math.max(this.uidNext, uid + 1);
  }
}

/** Keywords of a folder by their letters; none when the file cannot be read. */
export async function readKeywords(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, KEYWORDS_FILE), 'utf8').catch(() => '');
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = KEYWORD_LINE.exec(line.trim());
    const index = Number(match?.[1]);
    if (match?.[2] === undefined || index >= LETTERS) continue;
    found.set(String.fromCharCode('a'.charCodeAt(0) + index), match[2]);
  }
  return found;
}

/**
 * Subscribed names, as mailbox paths.
 * @param separator of levels in the file's first form; its second separates them by tabs
 */
export async function readSubscriptions(root: string, separator: '.' | '/'): Promise<string[]> {
  const text = await readFile(join(root, SUBSCRIPTIONS_FILE), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const second = /^V\t2$/.test(lines[0] ?? '');
  const names = (second ? lines.slice(1) : lines).filter((line) => line !== '');
  const paths = names.map((name) => {
    const levels = name.split(second ? '\t' : separator).map(second ? unescaped : (level) => level);
    return mailboxPath(levels.filter((level) => level !== '').map(decodedLevel));
  });
  return [...new Set(paths)];
}

/** A level of a name as it is on disk: in modified UTF-7, or in UTF-8 where Dovecot was told so. */
export const decodedLevel = (level: string): string => decodeModifiedUtf7(level) ?? level;

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
