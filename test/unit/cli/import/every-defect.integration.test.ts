/**
 * Sources of every form with what can be wrong in a file system, in lists of UIDs, in names and in
 * compressed data: special files are made by programs and by listening, so this is no unit test.
 */
import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { CliError } from '../../../../cli/errors.ts';
import { memoryTarget } from '../support/memory-target.ts';
import { at, mail, put, useSourceFiles } from '../support/source-files.ts';
import { checkImport, importOnce, type PutIn, storedIn } from '../support/whole-source.ts';

useSourceFiles();

const RUNS = 40;

/** More than can be imported: 64 MiB. */
const HUGE_BYTES = 65 * 1024 * 1024;

/** Root reads what nobody may read. */
const READS_ALL = process.getuid?.() === 0;

let socket: Server | undefined;
beforeEach(async () => {
  execFileSync('mkfifo', [at('fifo')]);
  socket?.close();
  socket = createServer();
  await new Promise<void>((resolve) => socket?.listen(at('socket'), resolve));
});
afterAll(() => void socket?.close());

const DEFECTS = [
  ...(['linkOut', 'linkIn', 'linkNowhere', 'fifo', 'socket', 'empty'] as const),
  ...(['huge', 'cutGzip', 'badName'] as const),
] as const;

type Kind = 'good' | 'forbidden' | (typeof DEFECTS)[number];

const kind = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Kind>('good') },
  { weight: 1, arbitrary: fc.constant<Kind>('forbidden') },
  { weight: 5, arbitrary: fc.constantFrom<Kind>(...DEFECTS) },
);
const items = fc.array(fc.record({ kind, folder: fc.nat(3) }), { minLength: 1, maxLength: 10 });

interface Item {
  readonly kind: Kind;
  readonly folder: number;
}

const isStored = ({ kind: of }: Item): boolean =>
  of === 'good' || (of === 'forbidden' && READS_ALL);
const bodyOf = (number: number): string => mail(`number ${number}`);

function putInOf(given: readonly Item[]): PutIn {
  const stored = given.flatMap((item, number) => (isStored(item) ? [bodyOf(number)] : []));
  return { stored: stored.sort(), leftOut: given.length - stored.length, beside: false };
}

async function fresh(): Promise<void> {
  await rm(at('source'), { recursive: true, force: true });
  await mkdir(at('source'));
}

/** @param path of the file below the source @param end of its name */
async function putItem({ kind: of }: Item, number: number, path: string, end: string) {
  const file = at('source', `${path}${end}`);
  await mkdir(dirname(file), { recursive: true });
  if (of === 'linkOut') return symlink('/etc/hostname', file);
  if (of === 'linkIn') return symlink(`0${end}`, file);
  if (of === 'linkNowhere') return symlink('nowhere', file);
  if (of === 'fifo' || of === 'socket') return link(at(of), file);
  if (of === 'badName') {
    const name = Buffer.concat([Buffer.from(at('source', path)), Buffer.from([0xe4])]);
    return writeFile(Buffer.concat([name, Buffer.from(end)]), bodyOf(number));
  }
  const cut = gzipSync(bodyOf(number)).subarray(0, 30);
  await writeFile(file, of === 'empty' ? '' : of === 'cutGzip' ? cut : bodyOf(number));
  if (of === 'huge') await truncate(file, HUGE_BYTES);
  if (of === 'forbidden') await chmod(file, 0);
}

/** Names of folders as stores write them, and as they do not. */
const FOLDERS = ['&AOQ-', 'ä', 'a&b', '&', '&AOQ', '&2D0-', 'Foo\\2fbar', '&U,BTFw-', 'Ａ', '100%'];

/** Lines of a list of UIDs: right ones, repeated ones, and none. */
const uidLine = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(6)).map(([uid, n]) => `${uid} :${n}.host`),
  fc.constantFrom('0 :1.host', '4294967296 :2.host', 'x', '', '3', '5 W10 S20 :3.host', '6 :'),
);
const uidHeader = fc.constantFrom(
  '3 V77 N99 G0',
  '3 V0 N1',
  '1 77 20',
  '3 N5 V9 N2',
  'no list',
  '',
);

/** Two messages that a list gives the same UID: one of them keeps it. */
const ONE_UID_TWICE: [string, string[], Item[], [string, string[]]] = [
  'maildir++',
  ['a', 'b', 'c'],
  [0, 1].map(() => ({ kind: 'good', folder: 0 })),
  ['3 V77 N99 G0', ['3 :0.host', '3 :1.host']],
];

describe('W5: what cannot be read is left out with its reason, and all else is there', () => {
  test('in Maildirs, with lists of UIDs and names of folders in any state', async () => {
    const names = fc.shuffledSubarray(FOLDERS, { minLength: 3, maxLength: 3 });
    const layouts: fc.Arbitrary<string> = fc.constantFrom('maildir++', 'fs', 'mbsync');
    const list = fc.tuple(uidHeader, fc.array(uidLine, { maxLength: 12 }));
    await fc.assert(
      fc.asyncProperty(
        layouts,
        names,
        items,
        list,
        async (layout, some, given, [header, lines]) => {
          await fresh();
          const dot = layout === 'maildir++' ? '.' : '';
          const folders = [
            layout === 'mbsync' ? 'INBOX' : '',
            ...some.map((name) => `${dot}${name}`),
          ];
          for (const folder of folders)
            await mkdir(at('source', folder, 'cur'), { recursive: true });
          const text = `${header}\n${lines.join('\n')}\n`;
          for (const folder of folders) await put(`source/${folder}/dovecot-uidlist`, text);
          if (layout === 'mbsync') await put('source/INBOX/.mbsyncstate', 'FarUidValidity 1\n');
          for (const [number, item] of given.entries()) {
            const folder = `${folders[item.folder]}/${number % 3 ? 'cur' : 'new'}`;
            await putItem(item, number, `${folder}/${number}.host`, ':2,S');
          }
          await checkImport(at('source'), { ...putInOf(given), beside: true });
        },
      ),
      { numRuns: RUNS, examples: [ONE_UID_TWICE] },
    );
  });

  test('in trees of .eml files', async () => {
    await fc.assert(
      fc.asyncProperty(items, async (given) => {
        await fresh();
        const folders = ['.', 'a', 'a/b', 'ä'];
        const all: readonly Item[] = [{ kind: 'good', folder: 0 }, ...given];
        for (const [number, item] of all.entries()) {
          await putItem(item, number, `${folders[item.folder]}/${number}`, '.eml');
        }
        await checkImport(at('source'), putInOf(all));
      }),
      { numRuns: RUNS },
    );
  });

  test('in a folder of mbox files: each is named, and none is read by the way', async () => {
    const one = fc.constantFrom('plain', 'gzip', 'fifo', 'linkIn');
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 6 }), async (given) => {
        await fresh();
        for (const [number, of] of given.entries()) {
          const file = at('source', `box${number}`);
          const mbox = `From a@x Tue Mar  3 10:11:12 2020\n${bodyOf(number)}\n`;
          if (of === 'fifo') await link(at('fifo'), file);
          else if (of === 'linkIn') await symlink('box0', file);
          else await writeFile(file, of === 'gzip' ? gzipSync(mbox) : mbox);
        }
        await expect(importOnce(at('source'), memoryTarget())).rejects.toMatchObject({
          exitCode: 65,
        });
        await put('source/first.eml', mail('first'));
        const putIn = { stored: [mail('first')], leftOut: given.length, beside: false };
        await checkImport(at('source'), putIn);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('W5: a file that ends early, or is damaged, is never said to be all there', () => {
  const mark = fc.constantFrom(
    '',
    'Status: RO\n',
    'X-Mozilla-Status: 0009\nX-Mozilla-Keys: $label1 work    \n',
    'X-GM-THRID: 1\nX-Gmail-Labels: Inbox,Opened,"Bills, paid"\n',
    'X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe,Ungelesen?=\n',
  );
  const marks = fc.array(mark, { minLength: 1, maxLength: 8 });
  const thrid = (own: string): string => (own.startsWith('X-GM-THRID') ? 'X-GM-THRID: 1\n' : '');

  test('an mbox in gzip, cut or changed at any place', async () => {
    const damage = fc.record({
      cut: fc.boolean(),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(marks, damage, async (given, { cut, place }) => {
        await fresh();
        const bodies = given.map((own, number) => `${thrid(own)}${bodyOf(number)}`);
        const mbox = given.map(
          (own, number) => `From a@x Tue Mar  3 10:11:12 2020\n${own}${bodyOf(number)}\n`,
        );
        const whole = gzipSync(mbox.join(''));
        const byte = Math.min(Math.floor(place * whole.length), whole.length - 1);
        const flipped = Buffer.from(whole);
        flipped[byte] = (flipped[byte] ?? 0) ^ 0xff;
        await put('source/mail', cut ? whole.subarray(0, byte) : flipped);
        const target = memoryTarget();
        try {
          const { equal, skipped, problems } = await importOnce(at('source/mail'), target);
          const stored = target.bodies()['INBOX'] ?? [];
          if (equal) expect(stored).toEqual(bodies);
          else expect(skipped).toBeGreaterThan(0);
          // What was cut off is missing at the end, and nothing is made of a part.
          if (cut) expect(stored).toEqual(bodies.slice(0, stored.length));
          if (cut) expect(equal).toBe(false);
          const isAltered = stored.some((body) => !bodies.includes(body));
          if (isAltered) expect(JSON.stringify(problems)).toContain('may be damaged');
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
          expect(storedIn(target)).toEqual([]);
        }
      }),
      { numRuns: 3 * RUNS },
    );
  });

  test('marks of Thunderbird and labels of Takeout are no part of the message', async () => {
    await fc.assert(
      fc.asyncProperty(marks, async (given) => {
        await fresh();
        const mbox = given.map(
          (own, number) => `From a@x Tue Mar  3 10:11:12 2020\n${own}${bodyOf(number)}\n`,
        );
        await put('source/mail', mbox.join(''));
        const stored = given.map((own, number) => `${thrid(own)}${bodyOf(number)}`).sort();
        await checkImport(at('source/mail'), { stored, leftOut: 0, beside: false });
      }),
      { numRuns: RUNS },
    );
  });

  test('one message, by any name and in any form', async () => {
    const raw = mail('the only one');
    const zipped = gzipSync(raw);
    const FORMS: Readonly<Record<string, string | Buffer>> = {
      mail: raw,
      withFromLine: `From a@x Tue Mar  3 10:11:12 2020\n${raw}\n`,
      zipped,
      cut: zipped.subarray(0, -9),
      padded: Buffer.concat([zipped, Buffer.alloc(512)]),
      followed: Buffer.concat([zipped, Buffer.from('more')]),
      empty: '',
      crypt: Buffer.from('CRYPTED\x03\x07\x02', 'latin1'),
      text: 'hello\n',
    };
    const name = fc.constantFrom('one.eml', 'one', 'one.mbox', 'one.eml.gz');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(FORMS)), name, async (form, file) => {
        await fresh();
        await put(`source/${file}`, FORMS[form] ?? '');
        const target = memoryTarget();
        try {
          const { stored, skipped, equal } = await importOnce(at('source', file), target);
          expect(stored + skipped).toBe(1);
          expect(equal).toBe(skipped === 0);
          const text = form === 'text' ? 'hello\n' : raw;
          expect(storedIn(target)).toEqual(stored === 1 ? [text] : []);
          expect(['cut', 'followed', 'empty', 'crypt'].includes(form) && equal).toBe(false);
        } catch (error) {
          expect(error).toMatchObject({ exitCode: 65 });
          expect(storedIn(target)).toEqual([]);
          expect(['empty', 'crypt', 'text', 'cut', 'followed']).toContain(form);
        }
      }),
      { numRuns: 3 * RUNS },
    );
  });
});
