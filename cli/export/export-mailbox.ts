/** One look at one mailbox: what is listed and not on disk is brought. */
import { ProblemError } from '../errors.ts';
import { FolderNotes } from '../import/folder-notes.ts';
import { problem, type SourceProblem } from '../import/mail-source.ts';
import { bringEml } from './eml-form.ts';
import type { ExportDirectory } from './export-directory.ts';
import type { Brought, ExportedMailbox, ExportForm, FolderJob } from './export-form.ts';
import type { ExportSource, Listing } from './export-source.ts';
import type { FolderPlace } from './folder-names.ts';
import { bringMaildir } from './maildir-form.ts';
import { bringMbox } from './mbox-form.ts';
import { beginPart, commitPart, type MailboxRecord, readPart } from './parts.ts';

/** Progress is told so often. */
const PROGRESS_MESSAGES = 25;

/** UIDs named in a note; the others are counted. */
const UIDS_TOLD = 20;

export interface MailboxLook {
  readonly mailbox: string;
  /** Messages and bytes of the listing. */
  messages: number;
  bytes: number;
  /** Messages that this look has brought, and their bytes. */
  stored: number;
  storedBytes: number;
  /** Messages that were on disk already. */
  present: number;
  /** Messages on disk that the account has no more. */
  went: number;
  /** Messages that were gone before they could be fetched, and the UIDs of some. */
  vanished: number;
  readonly vanishedUids: number[];
  /** Messages of which flags, keywords or names changed on disk. */
  updated: number;
  /** Expunged mail that is listed there, and not exported. */
  readonly expunged: { messages: number; bytes: number };
  /** Nothing of it is exported: it is the expunge storage, or gone, or it could not be read. */
  isSkipped: boolean;
  problems: SourceProblem[];
  notes: readonly string[];
}

export interface LookRun {
  readonly directory: ExportDirectory;
  readonly source: ExportSource;
  readonly form: ExportForm;
  readonly trusted: boolean;
  stopped(): boolean;
  progress(): void;
}

const BRING: Readonly<
  Record<ExportForm, (d: ExportDirectory, p: string, j: FolderJob) => AsyncGenerator<Brought>>
> = { maildir: bringMaildir, mbox: bringMbox, eml: bringEml };

export const emptyLook = (mailbox: string): MailboxLook => ({
  mailbox,
  ...{ messages: 0, bytes: 0, stored: 0, storedBytes: 0, present: 0 },
  ...{ went: 0, vanished: 0, updated: 0, isSkipped: false },
  vanishedUids: [],
  expunged: { messages: 0, bytes: 0 },
  problems: [],
  notes: [],
});

/** @param look is filled while the mailbox is looked at */
export async function lookAtMailbox(
  mailbox: ExportedMailbox,
  place: FolderPlace,
  run: LookRun,
  look: MailboxLook,
): Promise<void> {
  const { path } = mailbox;
  const refuse = (reason: string): void => {
    look.isSkipped = true;
    look.problems.push(problem(`mailbox ${path}`, reason));
  };
  const listing = await readable(run.source.list(path));
  if (listing === 'refused') return refuse('may not be read');
  if (listing === undefined || isStorage(listing, mailbox, run.source)) {
    look.isSkipped = true;
    Object.assign(look.expunged, listing?.stored);
    return;
  }
  Object.assign(look.expunged, listing.stored);
  const { rows } = listing;
  look.messages = rows.length;
  look.bytes = rows.reduce((sum, { size }) => sum + size, 0);
  const before = await readPart(run.directory, path);
  const was = before.mailbox?.uidValidity;
  if (was !== undefined && was !== mailbox.uidValidity && before.messages.size > 0) {
    return refuse(
      `is another one than in this export (UIDVALIDITY ${mailbox.uidValidity}, not ${was}): export into a new directory`,
    );
  }
  const record = recordOf(mailbox, place);
  // Whoever goes on here after a kill must know which UIDs the files have.
  if (before.mailbox === undefined) {
    await commitPart(run.directory, await beginPart(run.directory, record), path);
  }
  const notes = new FolderNotes();
  const job: FolderJob = {
    mailbox,
    rows,
    before: before.messages,
    trusted: run.trusted,
    fetch: (row) => run.source.fetch(path, row),
    stopped: run.stopped,
    note: (about, sample) => notes.add(about, sample),
  };
  const part = await beginPart(run.directory, record);
  let told = 0;
  try {
    for await (const brought of BRING[run.form](run.directory, place.path, job)) {
      count(look, brought);
      if ('message' in brought) await part.add(brought.message);
      told += 1;
      if (told % PROGRESS_MESSAGES === 0) run.progress();
    }
    run.progress();
    look.notes = [...(place.note === undefined ? [] : [place.note]), ...notes.lines()];
    if (run.stopped()) await part.abandon();
    else await commitPart(run.directory, part, path);
  } catch (error) {
    await part.abandon();
    throw error;
  }
}

async function readable(
  listing: Promise<Listing | undefined>,
): Promise<Listing | undefined | 'refused'> {
  try {
    return await listing;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 403) return 'refused';
    throw error;
  }
}

/** It lists nothing but expunged mail; an empty one is known by its name. */
const isStorage = (listing: Listing, { path }: ExportedMailbox, source: ExportSource): boolean =>
  listing.rows.length === 0 && (listing.stored.messages > 0 || source.isStorage(path));

function recordOf(mailbox: ExportedMailbox, place: FolderPlace): MailboxRecord {
  const { path, uidValidity, uidNext, specialUse } = mailbox;
  return {
    kind: 'mailbox',
    mailbox: path,
    uidValidity,
    uidNext,
    path: place.path,
    ...(specialUse === undefined ? {} : { specialUse }),
  };
}

function count(look: MailboxLook, brought: Brought): void {
  if (brought.kind === 'problem') look.problems.push(brought.problem);
  else look[brought.kind] += 1;
  if (brought.kind === 'vanished' && look.vanishedUids.length < UIDS_TOLD) {
    look.vanishedUids.push(brought.uid);
  }
  if (brought.kind === 'stored') look.storedBytes += brought.message.size;
  if ('updated' in brought && brought.updated === true) look.updated += 1;
}
