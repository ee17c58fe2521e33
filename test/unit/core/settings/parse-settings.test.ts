import { describe, expect, test } from 'vitest';
import { MAIL_SETTINGS_BYTES } from '../../../../functions/contract/limits.ts';
import { parseMailSettings } from '../../../../functions/core/settings/parse-settings.ts';

describe('settings under the names of the seed', () => {
  test('L2, L7, L8, A1: the example of the document is taken whole', () => {
    expect(
      parseMailSettings({
        lazy_expunge: '.EXPUNGED',
        lazy_expunge_only_last_instance: 'yes',
        lazy_expunge_exclude: '\\trash',
        lazy_expunge_exclude2: 'Tmp/*',
        acl: '.EXPUNGED owner rwstipekxa',
        quota_rule: '*:storage=1GB',
        quota_rule2: '.EXPUNGED:ignore',
        obox_track_copy_flags: 'yes',
        mailboxes: { '.EXPUNGED': { autoexpunge: '7days', autoexpunge_max_mails: 100000 } },
      }),
    ).toEqual({
      lazyExpunge: '.EXPUNGED',
      lazyExpungeOnlyLastInstance: true,
      lazyExpungeExclude: ['\\Trash', 'Tmp/*'],
      quotaBytes: 1024 ** 3,
      quotaExempt: ['.EXPUNGED'],
      mailboxes: {
        '.EXPUNGED': {
          ownerRights: 'rswipkxtea',
          autoexpunge: { afterSeconds: 604_800, maxMails: 100_000 },
        },
      },
    });
  });

  test.each([
    ['7d', 604_800],
    ['12h', 43_200],
    ['30s', 30],
    ['15 min', 900],
    ['2weeks', 1_209_600],
    ['1 DAY', 86_400],
  ])('A1: %s are %i seconds', (given, afterSeconds) => {
    const { mailboxes } = parseMailSettings({ mailboxes: { Trash: { autoexpunge: given } } });
    expect(mailboxes?.['Trash']).toEqual({ autoexpunge: { afterSeconds } });
  });

  test("A1: Dovecot's 0 is off", () => {
    const { mailboxes } = parseMailSettings({
      mailboxes: {
        Trash: { autoexpunge: '0', autoexpunge_max_mails: 0 },
        Junk: { autoexpunge: 0, autoexpunge_max_mails: '5' },
      },
    });
    expect(mailboxes).toEqual({
      Trash: { autoexpunge: null },
      Junk: { autoexpunge: { maxMails: 5 } },
    });
  });

  test.each([
    ['*:storage=100', 102_400],
    ['*:storage=5M', 5_242_880],
    ['*:bytes=100', 100],
    ['*:storage=2KB', 2048],
    ['*:storage=7B', 7],
  ])('L7: %s are %i bytes', (rule, quotaBytes) => {
    expect(parseMailSettings({ quota_rule: rule })).toEqual({ quotaBytes });
  });

  test('an empty lazy_expunge is off, and ACL lines may quote a name', () => {
    expect(
      parseMailSettings({ lazy_expunge: '', acl: ['"My Mail" owner lr', 'Sent owner'] }),
    ).toEqual({
      lazyExpunge: 'off',
      mailboxes: { 'My Mail': { ownerRights: 'lr' }, Sent: { ownerRights: '' } },
    });
  });
});

describe('the names that Cyrus has', () => {
  test.each([
    [{ expunge_mode: 'delayed' }, 'in-place'],
    [{ expunge_mode: 'immediate' }, 'off'],
    [{ expunge_mode: 'delayed', lazyExpunge: 'in-place' }, 'in-place'],
    [{ expunge_mode: 'delayed', lazy_expunge: '' }, 'in-place'],
    [{ lazyExpunge: 'in-place' }, 'in-place'],
  ])('L1: %j', (given, lazyExpunge) => {
    expect(parseMailSettings(given)).toEqual({ lazyExpunge });
  });

  test.each([
    [{ expunge_mode: 'delayed', lazy_expunge: '.EXPUNGED' }],
    [{ lazyExpunge: '.EXPUNGED/', expunge_mode: 'immediate' }],
    [{ expunge_mode: 'delayed', lazyExpunge: 'off' }],
    [{ expunge_mode: 'later' }],
  ])('O2: %j is refused', (given) => {
    expect(() => parseMailSettings(given)).toThrow(/^expunge_mode: got /);
  });

  test('in-place is no storage: names at or below it are like any other', () => {
    const given = { lazyExpunge: 'in-place', lazyExpungeExclude: ['in-place/x'] };
    expect(parseMailSettings(given)).toEqual(given);
  });
});

describe('O2: a bad setting is refused when it is made, with the field named', () => {
  test.each([
    [{ lazyExpunge: 'INBOX' }, /^lazyExpunge: got "INBOX", allowed is no name at or below INBOX/],
    [{ lazyExpunge: 'inbox/Gone/' }, /^lazyExpunge: .* at or below INBOX/],
    [
      { lazyExpunge: '../x' },
      /^lazyExpunge: got "\.\.\/x", allowed is "off", "in-place", a mailbox/,
    ],
    [{ lazyExpunge: 'a//' }, /^lazyExpunge: /],
    [{ lazyExpunge: '/' }, /^lazyExpunge: /],
    [{ lazyExpunge: '.EXP*' }, /^lazyExpunge: .*without wildcards/],
    [{ lazyExpunge: 'x'.repeat(201) }, /^lazyExpunge: .*at most 200 bytes/],
    [{ lazyExpunge: 7 }, /^lazyExpunge: got 7/],
    [{ lazyExpunge: 'Off' }, /^lazyExpunge: got "Off", allowed is "off", "in-place"/],
    [{ lazyExpunge: 'inplace' }, /^lazyExpunge: got "inplace"/],
    [{ lazyExpunge: 'In_Place' }, /^lazyExpunge: /],
    [{ lazy_expunge: 'no' }, /^lazyExpunge: got "no"/],
    [{ mailboxes: { Trash: { autoexpunge: '1M' } } }, /autoexpunge: got "1M"/],
    [
      { lazyExpunge: '.EXPUNGED', lazyExpungeExclude: ['.EXPUNGED'] },
      /^lazyExpungeExclude: got "\.EXPUNGED", allowed is no name of the expunge storage/,
    ],
    [{ lazyExpungeExclude: ['\\Bin'] }, /^lazyExpungeExclude\[0\]: got "\\\\Bin"/],
    [{ lazyExpungeExclude: 'Trash' }, /^lazyExpungeExclude: got "Trash", allowed is a list/],
    [{ lazyExpungeOwnerAccess: 'open' }, /^lazyExpungeOwnerAccess: .*closed, hidden, listed/],
    [{ lazyExpungeOnlyLastInstance: 'on' }, /^lazyExpungeOnlyLastInstance: .*true or false/],
    [{ quotaBytes: 0 }, /^quotaBytes: got 0, allowed is a whole number of bytes from 1 on/],
    [{ quotaBytes: 1.5 }, /^quotaBytes: /],
    [{ quota_rule: 'Work:storage=1G' }, /^quota_rule: .*"\*:storage=1GB"/],
    [{ quota_rule: '*:messages=10' }, /^quota_rule: /],
    [{ acl: '.EXPUNGED user=bob lr' }, /^acl: .*owner <rights>/],
    [{ acl: 'vfile:/etc/dovecot/acl' }, /^acl: /],
    [{ obox_track_copy_flags: 'no' }, /^obox_track_copy_flags: .*always so/],
    [{ lazyExpunge: 'off', lazy_expunge: '.X' }, /^lazy_expunge: .*once/],
    [{ lazyexpunge: '.X' }, /^lazyexpunge: .*one of lazyExpunge, /],
    [JSON.parse('{"__proto__": 1}'), /^__proto__: /],
    [{ mailboxes: { 'a//b': {} } }, /^mailboxes\.a\/\/b: /],
    [{ mailboxes: { inbox: {}, INBOX: {} } }, /^mailboxes\.INBOX: .*each name once/],
    [{ mailboxes: { Trash: { autoexpunge: '7' } } }, /^mailboxes\.Trash\.autoexpunge: .*7days/],
    [
      { mailboxes: { Trash: { autoexpunge: { afterDays: 7 } } } },
      /^mailboxes\.Trash\.autoexpunge\.afterDays: .*one of afterSeconds, maxMails/,
    ],
    [
      { mailboxes: { Trash: { autoexpunge: { maxMails: 0 } } } },
      /^mailboxes\.Trash\.autoexpunge\.maxMails: got 0, allowed is a whole number from 1/,
    ],
    [{ mailboxes: { Trash: { autoexpunge: {} } } }, /^mailboxes\.Trash\.autoexpunge: got \{\}/],
    [{ mailboxes: { Trash: { ownerRights: 'lrq' } } }, /^mailboxes\.Trash\.ownerRights: /],
    [{ mailboxes: { 'T*': { specialUse: '\\Trash' } } }, /^mailboxes\.T\*\.specialUse: .*pattern/],
    [{ mailboxes: { Trash: { keep: 1 } } }, /^mailboxes\.Trash\.keep: .*one of autoexpunge/],
    ['.EXPUNGED', /^settings: got "\.EXPUNGED", allowed is an object/],
    [null, /^settings: got null/],
  ])('%j', (given, message) => {
    expect(() => parseMailSettings(given)).toThrow(message);
  });

  test('every problem at once', () => {
    expect(() => parseMailSettings({ lazyExpunge: 7, quotaBytes: -1 })).toThrow(
      /lazyExpunge: .*; quotaBytes: /,
    );
  });

  test(`a document of more than ${MAIL_SETTINGS_BYTES} bytes`, () => {
    const quotaExempt = Array.from({ length: 90 }, (_, index) => `${index}${'x'.repeat(90)}`);
    expect(() => parseMailSettings({ quotaExempt })).toThrow(/^settings: got "\d+ bytes"/);
  });
});

describe('O2: a name in another case of letters', () => {
  test.each([
    [{ lazyexpunge: 'off' }, /^lazyexpunge: got "off", .*; lazyExpunge may be meant/],
    [{ QuotaBytes: 1 }, /^QuotaBytes: got 1, .*; quotaBytes may be meant/],
    [
      { mailboxes: { Trash: { AutoExpunge: '1d' } } },
      /^mailboxes.Trash.AutoExpunge: got "1d", .*; autoexpunge may be meant/,
    ],
  ])('%j is answered with the right one', (given, message) => {
    expect(() => parseMailSettings(given)).toThrow(message);
  });
});
