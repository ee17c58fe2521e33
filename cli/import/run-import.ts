/** Storing what a source holds: several mailboxes at a time, each in order, in bounded memory. */
import { isRefusal } from './delivery.ts';
import { importMailbox, type MailboxReport } from './import-mailbox.ts';
import type { ImportTarget } from './import-target.ts';
import {
  type MailSource,
  mailboxPath,
  problem,
  type SourceBeside,
  type SourceFolder,
  type SourceProblem,
} from './mail-source.ts';
import { isAllThere } from './parity.ts';

/**
 * Mailboxes stored at a time. Each holds two batches at most, one being read and one on its way:
 * 4 x 2 x 4 MiB, and a third more in base64, are about 75 MB. A message that is uploaded is held by
 * itself: 4 x 64 MiB at worst.
 */
const MAILBOXES_AT_A_TIME = 4;

/** Problems kept for the report, and things beside; the others are only counted. */
const PROBLEMS_KEPT_MAX = 1000;

/** `read` only reads the source; `verify` compares both sides and changes nothing. */
export type ImportMode = 'import' | 'verify' | 'read';

export interface ImportOptions {
  readonly mode: ImportMode;
  /** Prepended to every mailbox as a level of its own. */
  readonly mailboxPrefix?: string;
  /** Aborted: store what is on its way, then stop. */
  readonly signal: AbortSignal;
  readonly onProgress: (report: ImportReport) => void;
}

export interface ImportReport {
  readonly mailboxes: readonly MailboxReport[];
  readonly problems: readonly SourceProblem[];
  readonly stored: number;
  readonly bytes: number;
  readonly present: number;
  /** What was left out: what is told in `problems`, and more of them. */
  readonly skipped: number;
  readonly read: number;
  /** What was found beside the mail and is none. */
  readonly beside: readonly SourceBeside[];
  /** Messages of the source that are not in the target at the end. */
  readonly missing: number;
  /** All that the source holds on disk was compared and is there; nothing was left out. */
  readonly equal: boolean;
  /** Names subscribed by this run. */
  readonly subscribed: number;
  /** What ended the import early. */
  readonly failure?: unknown;
}

const withPrefix = (path: string, prefix: string | undefined): string =>
  mailboxPath([...(prefix === undefined ? [] : prefix.split('/')), ...path.split('/')]);

/** Groups folders by the mailbox they become, prefix included. */
function groupFolders(
  { folders }: MailSource,
  mailboxPrefix?: string,
): Map<string, SourceFolder[]> {
  const groups = new Map<string, SourceFolder[]>();
  for (const folder of folders) {
    const mailbox = withPrefix(folder.mailbox, mailboxPrefix);
    const group = groups.get(mailbox) ?? [];
    group.push(folder);
    groups.set(mailbox, group);
  }
  return groups;
}

/** Imports everything; never throws for mail that cannot be stored, but reports it. */
export async function runImport(
  source: MailSource,
  target: ImportTarget,
  options: ImportOptions,
): Promise<ImportReport> {
  const run = new ImportRun(target, options);
  source.problems.forEach((found) => void run.addProblem(found));
  source.beside.forEach((found) => void run.addBeside(found));
  const queue = [...groupFolders(source, options.mailboxPrefix)];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next && !run.stopped; next = queue.shift()) {
      await run.importMailbox(...next);
    }
  };
  await Promise.all(Array.from({ length: MAILBOXES_AT_A_TIME }, worker));
  if (options.mode === 'import') await run.subscribe(source.subscriptions);
  return run.report();
}

class ImportRun {
  readonly #target: ImportTarget;
  readonly #options: ImportOptions;
  readonly #mailboxes: MailboxReport[] = [];
  readonly #problems: SourceProblem[] = [];
  readonly #beside: SourceBeside[] = [];
  /** Problems that belong to no mailbox. */
  #loose = 0;
  #subscribed = 0;
  #failure: unknown;

  constructor(target: ImportTarget, options: ImportOptions) {
    this.#target = target;
    this.#options = options;
  }

  get stopped(): boolean {
    return this.#failure !== undefined || this.#options.signal.aborted;
  }

  addProblem(found: SourceProblem, mailbox?: MailboxReport): void {
    if (mailbox === undefined) this.#loose += 1;
    else mailbox.skipped += 1;
    if (this.#problems.length < PROBLEMS_KEPT_MAX) this.#problems.push(found);
  }

  addBeside(found: SourceBeside): void {
    if (this.#beside.length < PROBLEMS_KEPT_MAX) this.#beside.push(found);
  }

  async importMailbox(path: string, folders: readonly SourceFolder[]): Promise<void> {
    const counters = { stored: 0, bytes: 0, present: 0, skipped: 0, read: 0 };
    const report: MailboxReport = { mailbox: path, ...counters, notes: [] };
    this.#mailboxes.push(report);
    const { mode } = this.#options;
    try {
      await importMailbox(path, folders, {
        target: this.#target,
        verifyOnly: mode === 'verify',
        verify: mode !== 'read',
        report,
        stopped: () => this.stopped,
        skipped: (found) => this.addProblem(found, report),
        beside: (found) => this.addBeside(found),
        progress: () => this.#options.onProgress(this.report()),
      });
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#options.onProgress(this.report());
    }
  }

  /** Subscribes to what is not subscribed yet; a name that is refused is reported. */
  async subscribe(names: readonly string[]): Promise<void> {
    if (names.length === 0 || this.stopped) return;
    try {
      const known = await this.#target.subscriptions();
      for (const name of names) {
        const path = withPrefix(name, this.#options.mailboxPrefix);
        if (this.stopped) return;
        if (known.has(path)) continue;
        await this.#subscribe(path);
      }
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #subscribe(path: string): Promise<void> {
    try {
      await this.#target.subscribe(path);
      this.#subscribed += 1;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.addProblem(problem(`subscription ${path}`, error.message));
    }
  }

  report(): ImportReport {
    const sum = (of: (report: MailboxReport) => number): number =>
      this.#mailboxes.reduce((total, report) => total + of(report), 0);
    const skipped = sum((report) => report.skipped) + this.#loose;
    const isCompared = this.#mailboxes.every(({ parity }) => parity && isAllThere(parity));
    return {
      mailboxes: this.#mailboxes,
      problems: this.#problems,
      stored: sum(({ stored }) => stored),
      bytes: sum(({ bytes }) => bytes),
      present: sum(({ present }) => present),
      skipped,
      read: sum(({ read }) => read),
      beside: this.#beside,
      missing: sum(({ parity }) => parity?.missing ?? 0),
      equal: isCompared && skipped === 0 && !this.stopped,
      subscribed: this.#subscribed,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }
}
