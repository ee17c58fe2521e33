/** What the demo is asked for, and whether a mailbox that is named can be shown. */
import { stat } from 'node:fs/promises';
import { CliError } from '../cli/errors.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { nowhere } from '../cli/import/import-target.ts';
import { openSource } from '../cli/import/open-source.ts';
import { runImport } from '../cli/import/run-import.ts';
import { counted } from '../cli/output/text.ts';

export const DEMO_HELP = `The whole of Lethe in one run, on this machine alone: about a minute.

  npm run demo              with a mailbox made for the purpose
  npm run demo -- DIR       with a mailbox of yours, which is only read: a Maildir, an mbox file,
                            a folder of .eml files, or one message

It starts an embedded AWS, deploys the app, imports the mail, brings back a folder that was
deleted, erases the account while somebody still writes, and checks the certificate. At the end
it stops what it started. Exit codes: 0 done, 1 failed, 64 wrong usage, 65 no mail, 130 interrupted.`;

type Asked =
  | { readonly kind: 'help' }
  /** With a mailbox made for the purpose when there is no path. */
  | { readonly kind: 'run'; readonly path?: string }
  | { readonly kind: 'wrong'; readonly reason: string };

/** @param words of the command line, without the names of program and script */
export function readArguments(words: readonly string[]): Asked {
  const end = words.indexOf('--');
  const options = words.slice(0, end < 0 ? words.length : end).filter((word) => /^-./.test(word));
  if (options.some((word) => word === '--help' || word === '-h')) return { kind: 'help' };
  const [unknown] = options;
  if (unknown !== undefined) return wrong(`there is no option ${unknown}`);
  const paths = words.filter((_, at) => at !== end);
  const [path] = paths;
  if (paths.length > 1) return wrong(`one mailbox is shown at a time, got ${paths.length}`);
  if (path === '') return wrong('the path of the mailbox is empty');
  return path === undefined ? { kind: 'run' } : { kind: 'run', path };
}

const wrong = (reason: string): Asked => ({ kind: 'wrong', reason });

interface DemoMailbox {
  readonly messages: number;
  /** Files that the import will leave out, and name. */
  readonly leftOut: number;
}

/**
 * Reads a mailbox as the import will, and stores nothing.
 * @throws CliError 64 when it cannot be read, 65 when nothing in it is mail, each with the reason
 */
export async function readMailbox(path: string): Promise<DemoMailbox> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile() && !found.isDirectory()) {
    throw new CliError(EXIT.usage, `${path} can be read once only, and the demo reads it twice`);
  }
  const source = await openSource(path);
  try {
    const { signal } = new AbortController();
    const { stored, skipped, problems, failure } = await runImport(source, nowhere(), {
      mode: 'read',
      signal,
      onProgress: () => {},
    });
    if (failure !== undefined) throw failure;
    if (stored > 0) return { messages: stored, leftOut: skipped };
    const [first] = problems;
    const why = first === undefined ? '' : `: ${first.source} ${first.reason}`;
    const others = skipped > 1 ? ` (and ${counted(skipped - 1, 'other')})` : '';
    throw new CliError(
      EXIT.badData,
      `${path} holds no message that can be imported${why}${others}`,
    );
  } finally {
    await source.close();
  }
}
