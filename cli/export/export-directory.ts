/**
 * The directory of an export. It belongs to one account and one form, so that a second run goes on
 * and never mixes mail; files are written beside and renamed, so that what has its name is whole.
 */
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExportForm } from './export-form.ts';
import { OWN_PREFIX } from './folder-names.ts';

/** What an export remembers between its runs. Without a dot: Dovecot takes it for no folder. */
const OWN_DIRECTORY = `${OWN_PREFIX}.d`;
const CLAIM_FILE = 'export.json';
const LOCK_FILE = 'lock';
const UNFINISHED = 'tmp';

/** Mail is its owner's. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Whose mail is in the directory, and in which form. */
export interface Claim {
  readonly version: 1;
  readonly accountId: string;
  readonly form: ExportForm;
  readonly utf8: boolean;
}

export class ExportDirectory {
  readonly path: string;
  #number = 0;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the directory, or opens that of an earlier run.
   * @param user for messages to people
   * @throws CliError when something else is there, or another export runs
   */
  static async open(path: string, claim: Claim, user: string): Promise<ExportDirectory> {
    await checkDirectory(path, claim, user);
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    const directory = new ExportDirectory(path);
    await directory.makeFolder(OWN_DIRECTORY);
    await directory.#lock();
    // What a run that was killed had not finished.
    await rm(directory.own(UNFINISHED), { recursive: true, force: true });
    await directory.makeFolder(`${OWN_DIRECTORY}/${UNFINISHED}`);
    await directory.writeWhole(`${OWN_DIRECTORY}/${CLAIM_FILE}`, `${JSON.stringify(claim)}\n`);
    return directory;
  }

  /** Path of a file that the export keeps for itself. */
  own(name: string): string {
    return join(this.path, OWN_DIRECTORY, name);
  }

  /** @param relative a name that `planNames` made, or one of the export's own */
  at(relative: string): string {
    return join(this.path, relative);
  }

  /** Makes a folder and those above it, none of which may be a link. */
  async makeFolder(relative: string): Promise<void> {
    let path = this.path;
    for (const name of relative.split('/').filter((one) => one !== '')) {
      path = join(path, name);
      await mkdir(path, { mode: DIRECTORY_MODE }).catch((error: unknown) => {
        if (!hasCode(error, 'EEXIST')) throw error;
      });
      if (!(await lstat(path)).isDirectory()) {
        throw new CliError(EXIT.cannotCreate, `${path}: is in the way, and is no directory`);
      }
    }
  }

  /** Writes a file under another name, and gives it its own once it is on the disk. */
  async writeWhole(relative: string, content: Uint8Array | string, modified?: Date): Promise<void> {
    const { path, file } = await this.create();
    try {
      await file.writeFile(content);
      if (modified !== undefined) await file.utimes(modified, modified);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, this.at(relative));
  }

  /** A new file that has no name of its own yet. */
  async create(): Promise<{ readonly path: string; readonly file: FileHandle }> {
    this.#number += 1;
    const path = this.own(join(UNFINISHED, `${process.pid}-${this.#number}`));
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
    return { path, file: await open(path, flags, FILE_MODE) };
  }

  /** Whether names that differ in case only are one here. */
  async ignoresCase(): Promise<boolean> {
    const path = this.own(join(UNFINISHED, 'Case'));
    await (await open(path, 'w', FILE_MODE)).close();
    try {
      await lstat(this.own(join(UNFINISHED, 'cASE')));
      return true;
    } catch {
      return false;
    } finally {
      await unlink(path);
    }
  }

  /** Brings names to the disk: a file is found again when each folder above it is there. */
  async sync(relative: string): Promise<void> {
    const names = relative.split('/').filter((name) => name !== '' && name !== '.');
    for (let depth = names.length; depth >= 0; depth -= 1) {
      const path = this.at(names.slice(0, depth).join('/'));
      const file = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  async close(): Promise<void> {
    await rm(this.own(UNFINISHED), { recursive: true, force: true });
    await rm(this.own(LOCK_FILE), { force: true });
  }

  async #lock(): Promise<void> {
    const path = this.own(LOCK_FILE);
    for (let again = false; ; again = true) {
      try {
        const file = await open(path, 'wx', FILE_MODE);
        await file.writeFile(`${process.pid}\n`);
        await file.close();
        return;
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (again || isRunning(holder)) {
        throw new CliError(EXIT.retryLater, `${this.path}: another export writes there`, {
          hint: `It is process ${holder}. If it is not, remove ${path}.`,
        });
      }
      await rm(path, { force: true });
    }
  }
}

/**
 * Whether an export could begin or go on there; makes nothing.
 * @throws CliError when it could not
 */
export async function checkDirectory(path: string, claim: Claim, user: string): Promise<void> {
  const there = await stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (there === undefined) {
    await access(await nearest(dirname(path)), constants.W_OK | constants.X_OK);
    return;
  }
  if (!there.isDirectory()) throw new CliError(EXIT.cannotCreate, `${path}: is no directory`);
  const names = await readdir(path);
  await access(path, constants.W_OK | constants.X_OK);
  const found = await readFile(join(path, OWN_DIRECTORY, CLAIM_FILE), 'utf8').catch(() => '');
  const [first, second] = names;
  // A run may have been killed before it had claimed the directory.
  if (found === '' && second === undefined && (first ?? OWN_DIRECTORY) === OWN_DIRECTORY) return;
  const before = parseClaim(found);
  if (before === undefined || before.accountId !== claim.accountId) {
    throw new CliError(EXIT.cannotCreate, `${path}: is not empty, and is no export of ${user}`, {
      hint: 'Choose a new or an empty directory.',
    });
  }
  if (before.form !== claim.form || before.utf8 !== claim.utf8) {
    const names = before.utf8 ? ' with names in UTF-8' : '';
    throw new CliError(
      EXIT.cannotCreate,
      `${path}: is an export of ${user} in the form ${before.form}${names}`,
      { hint: 'Ask for the same form, or choose another directory.' },
    );
  }
}

/** The nearest directory above that there is. */
async function nearest(path: string): Promise<string> {
  for (let at = path; at !== sep && at !== '.'; at = dirname(at)) {
    const there = await stat(at).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (there !== undefined) return at;
  }
  return sep;
}

function parseClaim(text: string): Claim | undefined {
  try {
    const claim = JSON.parse(text) as Claim;
    return claim.version === 1 ? claim : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
