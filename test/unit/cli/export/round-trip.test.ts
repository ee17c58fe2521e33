import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExportForm } from '../../../../cli/export/export-form.ts';
import { lossOf } from '../../../../cli/export/mbox-frame.ts';
import { mailboxPath, type SourceMessage } from '../../../../cli/import/mail-source.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import { runImport } from '../../../../cli/import/run-import.ts';
import { SOAK } from '../../../soak-sizes.ts';
import { exportTo, manifestOf } from '../support/exported.ts';
import { type GivenMessage, MemorySource } from '../support/memory-source.ts';
import { memoryTarget } from '../support/memory-target.ts';
import { isMessage, mail, readAll } from '../support/source-files.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const RUNS = SOAK.exportRounds;

/** Each file is brought to the disk by itself: some 250 ms a round on a busy machine. */
const TIMEOUT_MS = 300_000;

const level = fc
  .array(
    fc.constantFrom('Work', 'a', '.', '\\', '2e', '&', 'ä', '日本', ' ', '%', '.eml', '.mbox', '~'),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''))
  .filter((name) => name !== '.' && name !== '..');
const path = fc
  .oneof(
    { weight: 1, arbitrary: fc.constant('INBOX') },
    { weight: 4, arbitrary: fc.array(level, { minLength: 1, maxLength: 3 }).map(mailboxPath) },
  )
  .filter((one) => one === mailboxPath(one.split('/')));

/** Lines that a body may hold, and that might be taken for something else. */
const line = fc.constantFrom(
  ...['text', '', 'From me to you', '>From you', '>>From us', '.', 'ends here\r', 'Status: RO'],
  'From a@example.org Tue Mar  3 10:11:12 2020',
  'From - Tue Mar 03 10:11:12 2020',
  'Subject: within',
);

const message: fc.Arbitrary<GivenMessage & { readonly skip: number }> = fc.record({
  raw: fc
    .record({ number: fc.nat(5), lines: fc.array(line, { maxLength: 6 }) })
    .map(({ number, lines }) => Buffer.from(`${mail(`number ${number}`)}${lines.join('\n')}\n`)),
  internalDate: fc
    .integer({ min: 0, max: 2_000_000_000 })
    .map((seconds) => new Date(seconds * 1000)),
  flags: fc.subarray(['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft']),
  keywords: fc.subarray(['$Forwarded', 'todo', '$Work', 'k3']),
  /** Gaps between UIDs. */
  skip: fc.nat(3),
});

const tree = fc.uniqueArray(fc.record({ path, messages: fc.array(message, { maxLength: 5 }) }), {
  minLength: 1,
  maxLength: 5,
  selector: (one) => one.path,
});

type Tree = readonly {
  readonly path: string;
  readonly messages: readonly (GivenMessage & { readonly skip: number })[];
}[];

function sourceOf(given: Tree): MemorySource {
  const source = new MemorySource();
  for (const one of given) {
    source.add(one.path);
    for (const { skip, ...each } of one.messages) {
      source.box(one.path).uidNext += skip;
      source.add(one.path, each);
    }
  }
  return source;
}

/** What there is of a message, as far as the form carries it. */
type Carried = (one: Omit<SourceMessage, 'kind' | 'name' | 'source'>) => string;

const CARRIED: Readonly<Record<ExportForm, Carried>> = {
  maildir: (one) => JSON.stringify([one.uid, ...marks(one), one.internalDate, text(one)]),
  mbox: (one) => JSON.stringify([...marks(one), one.internalDate, text(one)]),
  // An import of .eml files goes by the date that the header has.
  eml: text,
};

const marks = ({ flags, keywords }: Parameters<Carried>[0]) => [
  [...flags].sort(),
  [...keywords].sort(),
];

function text({ raw }: { readonly raw: Uint8Array }): string {
  return Buffer.from(raw).toString('latin1');
}

function heldBy(source: MemorySource, form: ExportForm): [string, string[]][] {
  return [...source.boxes]
    .map(([name, { messages }]): [string, string[]] => [
      name,
      [...messages.values()].map((one) => CARRIED[form](one)),
    ])
    .filter(([, messages]) => form === 'maildir' || messages.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What an import finds in an export. */
async function foundIn(directory: string, form: ExportForm): Promise<[string, string[]][]> {
  const found: [string, string[]][] = [];
  const read = async (at: string, mailbox?: string): Promise<void> => {
    const source = await openSource(at, mailbox === undefined ? {} : { mailbox });
    expect(source.problems).toEqual([]);
    for (const [name, items] of await readAll(source)) {
      const left = items.filter(({ kind }) => kind === 'problem' || kind === 'beside');
      expect(left).toEqual([]);
      found.push([name, items.filter(isMessage).map((one) => CARRIED[form](one))]);
    }
  };
  const lines = await manifestOf(directory);
  const isEmpty = lines.every(({ kind }) => kind !== 'message');
  if (form === 'maildir' || (form === 'eml' && !isEmpty)) await read(directory);
  else {
    for (const one of lines.filter(({ kind }) => kind === 'mailbox')) {
      const filled = lines.some(
        ({ kind, mailbox }) => kind === 'message' && mailbox === one.mailbox,
      );
      if (filled) await read(join(directory, one.path ?? ''), one.mailbox);
    }
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** In a tree, readers of .eml files take names as they are on disk. */
const isPlain = (given: Tree): boolean =>
  given.every(({ path: one }) => !/(^|\/)\.|%[0-9a-f]{2}|\.eml($|\/)/.test(one));

async function roundTrip(given: Tree, form: ExportForm): Promise<void> {
  const source = sourceOf(given);
  const directory = join(await temporaryDirectory(), 'out');
  expect(await exportTo(directory, source, form)).toMatchObject({ complete: true, problems: [] });
  const held = heldBy(source, form);
  const found = await foundIn(directory, form);
  // A Maildir has an INBOX, whether or not the account has one.
  expect(found.filter(([name]) => source.boxes.has(name))).toEqual(held);
  expect(found.length - held.length).toBeLessThanOrEqual(form === 'maildir' ? 1 : 0);
}

describe('W1: whatever an account holds, an import of its export finds', {
  timeout: TIMEOUT_MS,
}, () => {
  test('in a Maildir: bytes, UIDs, flags, keywords, dates, mailboxes', async () => {
    await fc.assert(
      fc.asyncProperty(tree, (given) => roundTrip(given, 'maildir')),
      { numRuns: RUNS },
    );
  });

  test('in mbox files: bytes, flags, keywords, dates; a loss is named', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (given) => {
        const kept = given.map((one) => ({
          ...one,
          messages: one.messages.filter(({ raw }) => lossOf(raw) === undefined),
        }));
        await roundTrip(kept, 'mbox');
      }),
      { numRuns: RUNS },
    );
  });

  test('in .eml files: bytes, mailboxes', async () => {
    await fc.assert(
      fc.asyncProperty(tree.filter(isPlain), (given) => roundTrip(given, 'eml')),
      { numRuns: RUNS },
    );
  });

  test('and a second account becomes equal to the first', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (given) => {
        const source = sourceOf(given);
        const directory = join(await temporaryDirectory(), 'out');
        await exportTo(directory, source, 'maildir');
        const target = memoryTarget();
        const opened = await openSource(directory);
        const { signal } = new AbortController();
        const report = await runImport(opened, target, {
          mode: 'import',
          signal,
          onProgress: () => {},
        });
        expect(report).toMatchObject({ equal: true, skipped: 0, missing: 0 });
        const bodies = [...source.boxes].map(([name, { messages }]) => [
          name,
          [...messages.values()].map(text),
        ]);
        const brought = Object.entries(target.bodies()).filter(([name]) => source.boxes.has(name));
        expect(Object.fromEntries(brought)).toEqual(Object.fromEntries(bodies));
      }),
      { numRuns: RUNS },
    );
  });
});

test('a directory of an export holds no files but those that it names', async () => {
  const source = new MemorySource().add('INBOX', { raw: Buffer.from('Subject: a\n\n') });
  const directory = join(await temporaryDirectory(), 'out');
  await exportTo(directory, source, 'mbox');
  const names = ['INBOX.mbox', 'lethe-export.d', 'lethe-export.jsonl'];
  expect(await readdir(directory)).toEqual(names);
});
