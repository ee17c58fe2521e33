import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXPORT_FORMS } from '../../../../cli/export/export-form.ts';
import { planNames } from '../../../../cli/export/folder-names.ts';
import { decodedLevel } from '../../../../cli/import/dovecot-files.ts';
import { mailboxPath } from '../../../../cli/import/mail-source.ts';

const placeOf = (path: string, form: 'maildir' | 'mbox' | 'eml', utf8 = false): string =>
  planNames([path], { form, utf8 }).places.get(path)?.path ?? 'none';

/** As an import reads the name of a folder of a Maildir. */
const readMaildir = (name: string): string =>
  mailboxPath(name.slice(1).split('.').map(decodedLevel));

const character = fc.oneof(
  fc.constantFrom('.', '..', '&', '&-', '\\', '\\2e', '\\5c', '%', '%2e', 'A', 'b', '2e', '/'),
  fc.constantFrom('ä', '日', '\u{1f600}', '\u0000', '\n', ' ', '~', '-', ',', '+', '.eml', '.mbox'),
  fc.constantFrom('lethe-export', 'inbox', 'INBOX', 'cur', 'new', 'tmp'),
);
const anyName = fc.array(character, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));

/** What the server takes for a name, in its stored form. */
const isLegal = (path: string): boolean =>
  path.split('/').every((level) => !['', '.', '..'].includes(level) && !/\p{Cc}/u.test(level)) &&
  mailboxPath(path.split('/')) === path;
const legalName = anyName.filter(isLegal);

describe('W1: names of mailboxes as names of files', () => {
  test.each([
    ['INBOX', ''],
    ['Work/2026', '.Work.2026'],
    ['Entwürfe', '.Entw&APw-rfe'],
    ['R&D', '.R&-D'],
    ['a.b', '.a\\2eb'],
    ['.EXPUNGED', '.\\2eEXPUNGED'],
    ['a\\2eb', '.a\\5c2eb'],
    ['a\\2fb', '.a\\2fb'],
    ['INBOX/Sub', '.INBOX.Sub'],
    ['..', /^\.long-name-[0-9a-f]{16}$/],
    ['../../etc', /^\.long-name-[0-9a-f]{16}$/],
    [`${'x'.repeat(200)}/${'y'.repeat(200)}`, /^\.long-name-[0-9a-f]{16}$/],
  ])('in a Maildir: %s', (path, name) => {
    const place = placeOf(path, 'maildir');
    if (typeof name === 'string') expect(place).toBe(name);
    else expect(place).toMatch(name);
  });

  test.each([
    ['INBOX', 'INBOX.mbox', 'INBOX'],
    ['Work/2026', 'Work/2026.mbox', 'Work/2026'],
    ['.hidden', '%2ehidden.mbox', '%2ehidden'],
    ['a.mbox/b', 'a%2embox/b.mbox', 'a.mbox/b'],
    ['a.eml', 'a.eml.mbox', 'a%2eeml'],
    ['lethe-export.d/x', '%6cethe-export.d/x.mbox', '%6cethe-export.d/x'],
    ['x/cur', 'x/%63ur.mbox', 'x/%63ur'],
    ['100%25', '100%2525.mbox', '100%2525'],
  ])('in a tree: %s', (path, mbox, eml) => {
    expect([placeOf(path, 'mbox'), placeOf(path, 'eml')]).toEqual([mbox, eml]);
  });

  test('whatever it is, it stays below the directory, and no two meet', () => {
    const names = fc.uniqueArray(anyName, { maxLength: 8 });
    fc.assert(
      fc.property(names, fc.constantFrom(...EXPORT_FORMS), fc.boolean(), (paths, form, utf8) => {
        const { places } = planNames(paths, { form, utf8 });
        const given = [...places.values()].map(({ path }) => path);
        expect(new Set(given).size).toBe(paths.length);
        for (const [path, place] of places) {
          const isRoot = form === 'maildir' && path === 'INBOX';
          if (isRoot) expect(place.path).toBe('');
          else {
            expect(posix.normalize(`/x/${place.path}`)).toBe(`/x/${place.path}`);
            expect(place.path).not.toMatch(/\p{Cc}|^lethe-export/u);
            for (const level of place.path.split('/')) {
              expect(level).not.toMatch(/^\.*$/);
              expect(Buffer.byteLength(level)).toBeLessThan(256);
            }
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('an import of a Maildir reads back the name that it had', () => {
    fc.assert(
      fc.property(legalName, fc.boolean(), (path, utf8) => {
        fc.pre(path !== 'INBOX');
        expect(readMaildir(placeOf(path, 'maildir', utf8))).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });

  test('those that meet where case does not count are named', () => {
    const paths = ['Work', 'work', 'Other', 'other/x'];
    for (const form of EXPORT_FORMS) {
      expect(planNames(paths, { form }).meeting).toEqual([['Work', 'work']]);
    }
  });
});
