/** What an import reads from, whatever its format. */

import { KEYWORD, KEYWORDS_MAX } from '../../functions/contract/limits.ts';
import { INBOX } from '../../functions/contract/mailbox-names.ts';

export interface SourceMessage {
  readonly kind: 'message';
  /** Names the message within its folder, the same each time the folder is read. */
  readonly name: string;
  /** The bytes of the file: line ends are not changed. */
  readonly raw: Uint8Array;
  readonly internalDate: Date;
  /** System flags, for instance `\Seen`. */
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  /** Where the store that wrote the folder kept one. */
  readonly uid?: number;
  /** Where it was found, for messages to people. */
  readonly source: string;
}

/** Something that cannot be imported: reported, skipped and counted. */
export interface SourceProblem {
  readonly kind: 'problem';
  readonly source: string;
  readonly reason: string;
}

export type SourceItem = SourceMessage | SourceProblem;

/** Which UIDs a folder has given. */
export interface FolderUids {
  readonly uidValidity: number;
  /** The next that would have been given. */
  readonly uidNext: number;
}

export interface SourceFolder {
  /** Path of the mailbox it becomes: levels separated by a slash. */
  readonly mailbox: string;
  /** How many messages it holds, where that is known without reading it. */
  readonly messages?: number;
  /** Undefined where the folder has no UIDs of its own. */
  uids(): Promise<FolderUids | undefined>;
  /**
   * In an order that is the same each time, rising UIDs first, because UIDs and repeated imports
   * follow it.
   * @param only names of the messages to read; the others are passed over
   */
  read(only?: ReadonlySet<string>): AsyncIterable<SourceItem>;
}

export interface MailSource {
  readonly format: 'Maildir' | 'mbox' | 'folder of .eml files';
  readonly folders: readonly SourceFolder[];
  /** Names that the user's clients show. */
  readonly subscriptions: readonly string[];
  /** What was found beside the messages and is not imported. */
  readonly problems: readonly SourceProblem[];
}

/** For formats that know none. */
export const noUids = (): Promise<undefined> => Promise.resolve(undefined);

export const problem = (source: string, reason: string): SourceProblem => ({
  kind: 'problem',
  source,
  reason,
});

/** Keywords that can be kept. The others are left out: no message is lost for its keyword. */
export const validKeywords = (keywords: readonly string[]): string[] =>
  [...new Set(keywords.filter((keyword) => KEYWORD.test(keyword)))].slice(0, KEYWORDS_MAX);

/**
 * The one form of a mailbox path: NFC, because file systems may decompose names, and INBOX in
 * capitals, so that two folders of a source never become one mailbox unnoticed.
 */
export function mailboxPath(levels: readonly string[]): string {
  const [first = INBOX, ...rest] = levels.map((level) => level.normalize('NFC'));
  return [first.toUpperCase() === INBOX ? INBOX : first, ...rest].join('/');
}
