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
  /** Nothing says when it came: the internal date is that of the file. */
  readonly isUndated?: boolean;
  /** Keywords that IMAP cannot hold. */
  readonly unkept?: readonly string[];
  /** Letters of keywords that the source does not name. */
  readonly unnamed?: readonly string[];
}

/** What may be mail and cannot be imported: reported, skipped and counted as left out. */
export interface SourceProblem {
  readonly kind: 'problem';
  readonly source: string;
  readonly reason: string;
}

/** What was looked at and is no mail: listed, and no reason to call both sides different. */
export interface SourceBeside {
  readonly kind: 'beside';
  readonly source: string;
  readonly reason: string;
}

/** What an operator should know about a folder. */
export interface SourceNote {
  readonly kind: 'note';
  readonly text: string;
}

/** What becomes of one message of a source. */
export type MessageItem = SourceMessage | SourceProblem | SourceBeside;

export type SourceItem = MessageItem | SourceNote;

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
   * follow it. All that the folder holds on disk comes as one item or another.
   * @param only names of the messages to read; the others are passed over
   */
  read(only?: ReadonlySet<string>): AsyncIterable<SourceItem>;
}

export interface MailSource {
  readonly format: 'Maildir' | 'mbox' | 'folder of .eml files' | 'message';
  readonly folders: readonly SourceFolder[];
  /** Names that the user's clients show. */
  readonly subscriptions: readonly string[];
  /** What was found outside of all folders, may be mail and is not imported. */
  readonly problems: readonly SourceProblem[];
  /** What was found and is no mail. */
  readonly beside: readonly SourceBeside[];
  /** Ends what was opened for it. */
  close(): Promise<void>;
}

/** For formats that keep nothing open. */
export const noClose = (): Promise<void> => Promise.resolve();

/** For formats that know none. */
export const noUids = (): Promise<undefined> => Promise.resolve(undefined);

export const problem = (source: string, reason: string): SourceProblem => ({
  kind: 'problem',
  source,
  reason,
});

export const beside = (source: string, reason: string): SourceBeside => ({
  kind: 'beside',
  source,
  reason,
});

export const note = (text: string): SourceNote => ({ kind: 'note', text });

/** A note about a keyword that is left out. */
export const unkept = (keyword: string): string =>
  `lost the keyword ${JSON.stringify(keyword)}, which IMAP cannot hold, on #`;

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
