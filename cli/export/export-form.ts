/** What an export is made of, whatever its form on disk. */
import type { MailboxAnswer } from '../../functions/contract/api.ts';
import type { SourceProblem } from '../import/mail-source.ts';

export const EXPORT_FORMS = ['maildir', 'mbox', 'eml'] as const;

export type ExportForm = (typeof EXPORT_FORMS)[number];

export type ExportedMailbox = Pick<
  MailboxAnswer,
  'path' | 'uidValidity' | 'uidNext' | 'messages' | 'bytes' | 'specialUse'
>;

/** A message as the account lists it: what of a row is needed, so that 100,000 fit into memory. */
export interface ListedMessage {
  readonly uid: number;
  readonly size: number;
  /** The first bytes of the SHA-256, in hex; empty where the account does not know it. */
  readonly digest: string;
  readonly internalDate: Date;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
}

/** A message on disk, as the manifest has it. */
export interface ExportedMessage {
  readonly kind: 'message';
  readonly mailbox: string;
  readonly uid: number;
  readonly uidValidity: number;
  readonly size: number;
  /** Of the bytes that the account has, in hex. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly internalDate: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  /** Below the directory of the export. */
  readonly path: string;
  /** Where the message begins in a file of several, in bytes, and how many it takes there. */
  readonly offset?: number;
  readonly length?: number;
  /** An earlier run or look brought it, and the account has it no more. */
  readonly went?: true;
}

/** What became of one message of a listing. */
export type Brought =
  | {
      readonly kind: 'stored' | 'present';
      readonly message: ExportedMessage;
      /** Flags, keywords or names on disk were those of an earlier look. */
      readonly updated?: boolean;
    }
  /** On disk, and no longer in the account. */
  | { readonly kind: 'went'; readonly message: ExportedMessage; readonly updated?: boolean }
  /** Listed, and gone before it was fetched. */
  | { readonly kind: 'vanished'; readonly uid: number }
  | { readonly kind: 'problem'; readonly problem: SourceProblem };

/** What the forms need to bring a mailbox. */
export interface FolderJob {
  readonly mailbox: ExportedMailbox;
  readonly rows: readonly ListedMessage[];
  /** What an earlier look or run wrote down about the mailbox, by UID. */
  readonly before: ReadonlyMap<number, ExportedMessage>;
  /** What is on disk has been read back a moment ago: names and sizes tell enough. */
  readonly trusted: boolean;
  /** Fetches a message and checks its bytes. */
  fetch(row: ListedMessage): Promise<FetchedMessage>;
  stopped(): boolean;
  /** What the form cannot carry; `#` stands for the number of messages. */
  note(about: string, sample: string): void;
}

export type FetchedMessage =
  | { readonly raw: Buffer; readonly sha256: string }
  | { readonly vanished: true }
  | { readonly reason: string };
