/**
 * An export: looks at all mailboxes, each of which brings what is listed and not on disk, until one
 * look finds nothing to do. Only then it is complete: mail that comes, moves or goes meanwhile is
 * met by the next look.
 */
import { isDeepStrictEqual } from 'node:util';
import { CliError, machineError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { problem, type SourceProblem } from '../import/mail-source.ts';
import { counted } from '../output/text.ts';
import { changedMeanwhile } from './changed-meanwhile.ts';
import { type Claim, ExportDirectory } from './export-directory.ts';
import type { ExportedMailbox, ExportForm } from './export-form.ts';
import { emptyLook, lookAtMailbox, type MailboxLook } from './export-mailbox.ts';
import type { ExportSource, NotExported } from './export-source.ts';
import { type FolderPlace, planNames } from './folder-names.ts';
import { makeMaildir, writeSubscriptions } from './maildir-form.ts';
import { removeManifest, writeManifest } from './manifest.ts';

/** The first brings, the second reads back; a busy account gets three more. */
const LOOKS_MAX = 5;

export interface ExportOptions {
  readonly directory: string;
  readonly form: ExportForm;
  readonly utf8: boolean;
  /** An export into the same directory has ended a moment ago: bytes are not read back again. */
  readonly trusted?: boolean;
  /** Aborted: finish what is on its way, then stop. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onProgress: (report: ExportReport) => void;
}

export interface ExportReport {
  readonly accountId: string;
  /** Of the last look. */
  readonly mailboxes: readonly MailboxLook[];
  readonly messages: number;
  readonly bytes: number;
  /** What this run has brought, in all its looks. */
  readonly stored: number;
  readonly storedBytes: number;
  readonly present: number;
  readonly went: number;
  readonly vanished: number;
  /** What was left out, with its reason. */
  readonly problems: readonly SourceProblem[];
  readonly notes: readonly string[];
  readonly looks: number;
  /** The last look has found each message of its listing on disk, and nothing to do. */
  readonly complete: boolean;
  readonly notExported?: NotExported;
  readonly subscriptions: number;
  /** What ended the export early. */
  readonly failure?: unknown;
}

/** What an export of this account into that directory claims. */
export const claimOf = (
  { accountId }: ExportSource,
  { form, utf8 }: Pick<ExportOptions, 'form' | 'utf8'>,
): Claim => ({ version: 1, accountId, form, utf8 });

/** @throws CliError when the directory cannot be used; later faults are in the report */
export async function runExport(
  source: ExportSource,
  options: ExportOptions,
): Promise<ExportReport> {
  const claim = claimOf(source, options);
  const directory = await ExportDirectory.open(options.directory, claim, source.user);
  try {
    const run = new ExportRun(source, directory, options);
    await run.toTheEnd();
    return run.report();
  } finally {
    await directory.close();
  }
}

class ExportRun {
  readonly #source: ExportSource;
  readonly #directory: ExportDirectory;
  readonly #options: ExportOptions;
  readonly #notes: string[] = [];
  #looks = 0;
  /** Of the look under way. */
  #mailboxes: MailboxLook[] = [];
  #stored = 0;
  #storedBytes = 0;
  #vanished = 0;
  #problems: SourceProblem[] = [];
  #went = 0;
  #complete = false;
  #notExported: NotExported | undefined;
  #subscriptions: readonly string[] = [];
  #failure: unknown;

  constructor(source: ExportSource, directory: ExportDirectory, options: ExportOptions) {
    this.#source = source;
    this.#directory = directory;
    this.#options = options;
  }

  get #stopped(): boolean {
    return this.#failure !== undefined || this.#options.signal.aborted;
  }

  async toTheEnd(): Promise<void> {
    const startedAt = new Date(this.#options.now()).toISOString();
    try {
      let quiet = false;
      while (!quiet && this.#looks < LOOKS_MAX && !this.#stopped) quiet = await this.#look();
      if (this.#stopped) return;
      await this.#finish(quiet, startedAt);
    } catch (error) {
      this.#failure = machineError(error, this.#options.directory) ?? error;
    }
  }

  /** @returns whether it found nothing to do, and nothing has changed since */
  async #look(): Promise<boolean> {
    const mailboxes = await this.#source.mailboxes();
    const places = await this.#places(mailboxes);
    if (this.#looks === 0) await this.#begin();
    this.#looks += 1;
    this.#mailboxes = [];
    const before = this.#problems;
    this.#problems = [];
    for (const mailbox of mailboxes) {
      const place = places.get(mailbox.path);
      if (this.#stopped || place === undefined) return false;
      await this.#lookAt(mailbox, place);
    }
    if (this.#stopped) return false;
    // What cannot be fetched is asked for twice; a file without it is written anew each time.
    const isStuck = before.length > 0 && isDeepStrictEqual(before, this.#problems);
    const changed = this.#mailboxes.some(
      ({ stored, updated, vanished }) => stored + vanished + (isStuck ? 0 : updated) > 0,
    );
    // What may not be counted on is said in the end; before that, another look may do.
    const after = await this.#source.mailboxes();
    const unsure = changedMeanwhile(this.#mailboxes, mailboxes, after);
    if (!changed && (unsure.length === 0 || this.#looks === LOOKS_MAX)) {
      this.#problems.push(...unsure);
      return true;
    }
    return false;
  }

  async #begin(): Promise<void> {
    await removeManifest(this.#directory);
    if (this.#options.form === 'maildir') await makeMaildir(this.#directory, '');
  }

  async #lookAt(mailbox: ExportedMailbox, place: FolderPlace): Promise<void> {
    const look = emptyLook(mailbox.path);
    this.#mailboxes.push(look);
    const { stored, storedBytes, vanished } = this.#sums();
    try {
      await lookAtMailbox(
        mailbox,
        place,
        {
          directory: this.#directory,
          source: this.#source,
          form: this.#options.form,
          trusted: this.#options.trusted === true,
          stopped: () => this.#stopped,
          progress: () => {
            this.#stored = stored + look.stored;
            this.#storedBytes = storedBytes + look.storedBytes;
            this.#vanished = vanished + look.vanished;
            this.#options.onProgress(this.report());
          },
        },
        look,
      );
    } finally {
      this.#problems.push(...look.problems);
      this.#tellVanished(look);
    }
  }

  #tellVanished({ mailbox, vanished, vanishedUids }: MailboxLook): void {
    if (vanished === 0 || this.#stopped) return;
    const more = vanished > vanishedUids.length ? ', …' : '';
    const many = counted(vanished, 'message');
    this.#notes.push(
      `${mailbox} lost ${many} before being fetched (UID ${vanishedUids.join(', ')}${more})`,
    );
  }

  #sums(): { readonly stored: number; readonly storedBytes: number; readonly vanished: number } {
    return { stored: this.#stored, storedBytes: this.#storedBytes, vanished: this.#vanished };
  }

  /** @throws CliError when two mailboxes would become one */
  async #places(mailboxes: readonly ExportedMailbox[]): Promise<ReadonlyMap<string, FolderPlace>> {
    const { form, utf8 } = this.#options;
    const paths = mailboxes.map(({ path }) => path);
    const { places, meeting } = planNames(paths, { form, utf8 });
    if (meeting.length === 0) return places;
    const told = meeting.map((names) => names.map((name) => JSON.stringify(name)).join(' and '));
    const isOne = (names: readonly string[]): boolean =>
      new Set(names.map((name) => places.get(name)?.path)).size < names.length;
    if (meeting.some(isOne) || (await this.#directory.ignoresCase())) {
      throw new CliError(
        EXIT.cannotCreate,
        `${told.join(', ')} would be one folder in ${this.#directory.path}`,
        { hint: 'Choose a directory on a file system that tells upper and lower case apart.' },
      );
    }
    const note = 'are one folder for programs and file systems that ignore case';
    for (const one of told) {
      const line = `${one} ${note}`;
      if (!this.#notes.includes(line)) this.#notes.push(line);
    }
    return places;
  }

  async #finish(quiet: boolean, startedAt: string): Promise<void> {
    const seen = this.#mailboxes.filter(({ isSkipped }) => !isSkipped);
    const visited = new Set(seen.map(({ mailbox }) => mailbox));
    await this.#bringSubscriptions();
    const listed = await this.#source.mailboxes();
    const exported = listed.filter(({ path }) => visited.has(path));
    const notExported = await this.#source.notExported(exported);
    for (const { expunged } of this.#mailboxes) {
      notExported.expungeStorages.messages += expunged.messages;
      notExported.expungeStorages.bytes += expunged.bytes;
    }
    this.#notExported = notExported;
    if (!quiet && this.#problems.length === 0) {
      this.#problems.push(problem('account', 'changed in each look: run the same export again'));
    }
    const complete = quiet && this.#problems.length === 0;
    const { accountId, user } = this.#source;
    const finishedAt = new Date(this.#options.now()).toISOString();
    const { went } = await writeManifest(
      this.#directory,
      { user, accountId, form: this.#options.form, startedAt, finishedAt },
      visited,
      { complete, subscriptions: this.#subscriptions, problems: this.#problems, notExported },
    );
    // Of mailboxes that are gone, too.
    this.#went = went;
    // Said last: the manifest is on the disk by now.
    this.#complete = complete;
  }

  async #bringSubscriptions(): Promise<void> {
    const found = await this.#source.subscriptions();
    this.#subscriptions = found ?? [];
    const { form, utf8 } = this.#options;
    if (found === undefined) this.#notes.push('subscriptions are their owner’s, and not exported');
    else if (form === 'maildir') await writeSubscriptions(this.#directory, found, utf8);
    else if (found.length > 0) {
      this.#notes.push(`the form ${form} has no subscriptions: the manifest has them`);
    }
  }

  report(): ExportReport {
    const sum = (of: (look: MailboxLook) => number): number =>
      this.#mailboxes.reduce((total, look) => total + of(look), 0);
    return {
      accountId: this.#source.accountId,
      mailboxes: this.#mailboxes,
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
      stored: this.#stored,
      storedBytes: this.#storedBytes,
      present: sum(({ present }) => present),
      went: this.#went,
      vanished: this.#vanished,
      problems: this.#problems,
      notes: this.#notes,
      looks: this.#looks,
      complete: this.#complete,
      ...(this.#notExported === undefined ? {} : { notExported: this.#notExported }),
      subscriptions: this.#subscriptions.length,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }
}
