/** What an import reads from, whatever its format. */

export interface SourceMessage {
  readonly kind: 'message';
  /** The bytes of the file: line ends are not changed. */
  readonly raw: Uint8Array;
  readonly internalDate: Date;
  /** System flags, for instance `\Seen`. */
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
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

export interface SourceFolder {
  /** Path of the mailbox it becomes: levels separated by a slash. */
  readonly mailbox: string;
  /** How many messages it holds, where that is known without reading it. */
  readonly messages?: number;
  /** In an order that is the same each time, because UIDs and repeated imports follow it. */
  read(): AsyncIterable<SourceItem>;
}

export interface MailSource {
  readonly format: 'Maildir' | 'mbox' | 'folder of .eml files';
  readonly folders: readonly SourceFolder[];
  /** What was found beside the messages and is not imported. */
  readonly problems: readonly SourceProblem[];
}

export const problem = (source: string, reason: string): SourceProblem => ({
  kind: 'problem',
  source,
  reason,
});

/** An atom of at most 100 characters (RFC 9051, 9): what IMAP, and so the API, takes. */
const KEYWORD = /^[^\s\p{C}(){%*"\\\]\u0080-\u{10ffff}]{1,100}$/u;

/** Keywords that can be kept. The others are left out: no message is lost for its keyword. */
export const validKeywords = (keywords: readonly string[]): string[] =>
  keywords.filter((keyword) => KEYWORD.test(keyword));

/** The name of the mailbox that every account has, in the one spelling that is stored. */
export const INBOX = 'INBOX';

/**
 * The one form of a mailbox path: NFC, because file systems may decompose names, and INBOX in
 * capitals, so that two folders of a source never become one mailbox unnoticed.
 */
export function mailboxPath(levels: readonly string[]): string {
  const [first = INBOX, ...rest] = levels.map((level) => level.normalize('NFC'));
  return [first.toUpperCase() === INBOX ? INBOX : first, ...rest].join('/');
}
