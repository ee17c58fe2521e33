import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { at, mail, put, useSourceFiles } from '../support/source-files.ts';
import { checkImport, type PutIn } from '../support/whole-source.ts';

useSourceFiles();

const RUNS = 60;

/** What is put in at one place of a source. */
const DEFECTS = ['empty', 'gzip', 'crypt', 'link', 'directory', 'stray'] as const;
const NO_MAIL = ['readme', 'hidden'] as const;

type Kind = 'good' | 'same' | (typeof DEFECTS)[number] | (typeof NO_MAIL)[number];

const kind = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Kind>('good', 'same') },
  { weight: 2, arbitrary: fc.constantFrom<Kind>(...DEFECTS) },
  { weight: 1, arbitrary: fc.constantFrom<Kind>(...NO_MAIL) },
);

const isGood = (one: Kind): boolean => one === 'good' || one === 'same';
const isNoMail = (one: Kind): boolean => NO_MAIL.some((other) => other === one);

/** Lines that a body may hold, and that might be taken for something else. */
const line = fc.constantFrom(
  'text',
  '',
  'From me to you',
  'From a@example.org: see below',
  '.',
  'Status: RO',
  'Content-Length: 3',
  'ends here\r',
);

interface Item {
  readonly kind: Kind;
  readonly folder: number;
  readonly lines: readonly string[];
}

const items = fc.array(
  fc.record({ kind, folder: fc.nat(2), lines: fc.array(line, { maxLength: 5 }) }),
  { minLength: 1, maxLength: 12 },
);

/** Two messages of the kind `same` are equal, byte for byte. */
const bodyOf = ({ kind: of, lines }: Item, number: number): string =>
  of === 'same' ? mail('the same') : `${mail(`number ${number}`)}\n${lines.join('\n')}\n`;

const contentOf = (item: Item, number: number): string | Buffer => {
  if (item.kind === 'gzip') return gzipSync(bodyOf(item, number));
  if (item.kind === 'crypt') return Buffer.from('CRYPTED\x03\x07\x02', 'latin1');
  return item.kind === 'empty' ? '' : bodyOf(item, number);
};

function putInOf(given: readonly Item[]): PutIn {
  const bodies = given.flatMap((item, number) => (isGood(item.kind) ? [bodyOf(item, number)] : []));
  const leftOut = given.filter((one) => !isGood(one.kind) && !isNoMail(one.kind)).length;
  return { stored: bodies.sort(), leftOut, beside: given.some((one) => isNoMail(one.kind)) };
}

async function fresh(): Promise<void> {
  await rm(at('source'), { recursive: true, force: true });
  await mkdir(at('source'));
}

async function putItem(item: Item, number: number, path: string, stray: string): Promise<void> {
  const file = `source/${path}`;
  if (item.kind === 'link') {
    await mkdir(dirname(at(file)), { recursive: true });
    await symlink('/etc/hostname', at(file));
  } else if (item.kind === 'directory') await mkdir(at(file), { recursive: true });
  else if (item.kind === 'readme') await put(`source/${stray}/README${number}`, 'read me\n');
  else if (item.kind === 'stray') await put(`source/${stray}/s${number}`, bodyOf(item, number));
  else await put(file, contentOf(item, number));
}

describe('W5: stored, present and left out are all that was put in, and equal is all of it', () => {
  test('of Maildirs in every layout', async () => {
    const layouts = [
      ['', '.Sub', '.Sub.Folder'],
      ['', 'Work', 'Work/2020'],
      ['.INBOX', '.Sub', '.Sub/.Folder'],
      ['INBOX', 'Work', 'Work/.Sub'],
    ] as const;
    const layout = fc.constantFrom(...layouts);
    await fc.assert(
      fc.asyncProperty(layout, items, fc.boolean(), async (folders, given, listed) => {
        await fresh();
        for (const folder of folders) await mkdir(at('source', folder, 'cur'), { recursive: true });
        for (const [number, item] of given.entries()) {
          const folder = folders[item.folder] ?? '';
          const name = item.kind === 'hidden' ? `.h${number}` : `${number}.host:2,S`;
          await putItem(item, number, `${folder}/${number % 2 ? 'new' : 'cur'}/${name}`, folder);
        }
        // A list may name some of the files, and files that are gone.
        const uids = given.map((_, number) => `${number * 2 + 1} :${number}.host`);
        if (listed) {
          await put(`source/${folders[0]}/dovecot-uidlist`, `3 V77 N99\n${uids.join('\n')}\n`);
        }
        const putIn = putInOf(given);
        await checkImport(at('source'), { ...putIn, beside: putIn.beside || listed });
      }),
      { numRuns: RUNS },
    );
  });

  test('of trees of .eml files', async () => {
    await fc.assert(
      fc.asyncProperty(items, async (given) => {
        await fresh();
        await put('source/first.eml', mail('first'));
        const folders = ['.', 'a', 'a/b'];
        // A folder may be called like a message; it is one of mailboxes then.
        const all = given.filter((item) => item.kind !== 'directory');
        for (const [number, item] of all.entries()) {
          const folder = folders[item.folder] ?? '.';
          const name = item.kind === 'hidden' ? `.h${number}` : `${number}.eml`;
          const content = item.kind === 'hidden' ? { ...item, kind: 'readme' as const } : item;
          await putItem(content, number, `${folder}/${name}`, folder);
        }
        const { stored, leftOut, beside } = putInOf(all);
        const withFirst = [...stored, mail('first')].sort();
        await checkImport(at('source'), { stored: withFirst, leftOut, beside });
      }),
      { numRuns: RUNS },
    );
  });

  test('of mbox files with every kind of separator', async () => {
    const separator = fc.constantFrom(
      'From a@example.org Tue Mar  3 10:11:12 2020',
      'From ',
      'From a@example.org',
      'From - Tue, 3 Mar 2020 10:11:12 +0100',
      'From a 2020-03-03T10:11:12Z',
    );
    const own = fc.constantFrom('', 'Status: RO\n', 'X-Mozilla-Status: 0009\n', 'X-UID: 7\n');
    const one = fc.record({
      kind: fc.constantFrom<Kind>('good', 'good', 'same', 'empty', 'gzip', 'crypt'),
      folder: fc.constant(0),
      lines: fc.array(line, { maxLength: 5 }),
      separator,
      own,
    });
    const list = fc.array(one, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(list, fc.boolean(), async (given, compressed) => {
        await fresh();
        const parts = given.map((item, number) => {
          const dated = isGood(item.kind) ? item.separator : 'From a Tue Mar  3 10:11:12 2020';
          const body = contentOf(item, number);
          const raw = Buffer.isBuffer(body)
            ? body
            : Buffer.from(body.replace(/^(>*From )/gm, '>$1'));
          const head = isGood(item.kind) ? item.own : '';
          return Buffer.concat([
            Buffer.from(`${dated}\n${head}`),
            raw,
            Buffer.from(item.kind === 'empty' ? '\n' : '\n\n'),
          ]);
        });
        const whole = Buffer.concat(parts);
        await put('source/mail', compressed ? gzipSync(whole) : whole);
        // A body that ends with no line end has one in an mbox.
        const putIn = putInOf(given);
        const stored = given.flatMap((item, number) =>
          isGood(item.kind) ? [`${bodyOf(item, number)}\n`] : [],
        );
        await checkImport(at('source/mail'), { ...putIn, stored: stored.sort() });
      }),
      { numRuns: RUNS },
    );
  });
});
