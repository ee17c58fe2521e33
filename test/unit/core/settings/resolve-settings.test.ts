import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';

describe('the nearer level wins', () => {
  test('member by member; mailboxes by name and member; null switches off', () => {
    const settings = resolveSettings(
      {
        lazyExpunge: '.EXPUNGED',
        quotaBytes: 100,
        lazyExpungeExclude: ['Spam'],
        mailboxes: {
          Trash: { autoexpunge: { afterSeconds: 5 }, specialUse: '\\Trash' },
          Junk: { autoexpunge: { maxMails: 5 } },
        },
      },
      { quotaBytes: 200, lazyExpungeExclude: ['Tmp'] },
      {
        quotaBytes: null,
        mailboxes: { Trash: { ownerRights: 'lr' }, Junk: { autoexpunge: null } },
      },
    );
    expect(settings.quotaBytes).toBeUndefined();
    expect(settings.isExcluded('Spam')).toBe(false);
    expect(settings.isExcluded('Tmp')).toBe(true);
    expect(settings.autoexpungeOf('Trash')).toEqual({ afterSeconds: 5 });
    expect(settings.ownerRightsOf('Trash')).toBe('lr');
    expect(settings.specialUseOf('Trash')).toBe('\\Trash');
    expect(settings.autoexpungeOf('Junk')).toBeUndefined();
  });

  test('a name before patterns, a longer pattern before a shorter one', () => {
    const settings = resolveSettings({
      mailboxes: {
        '*': { autoexpunge: { maxMails: 1 } },
        'Trash/*': { autoexpunge: { maxMails: 2 } },
        'Trash/a': { autoexpunge: { maxMails: 3 } },
      },
    });
    const counts = ['Work', 'Trash/b', 'Trash/a'].map(
      (path) => settings.autoexpungeOf(path)?.maxMails,
    );
    expect(counts).toEqual([1, 2, 3]);
  });
});

describe('where expunged mail goes', () => {
  test('off: nowhere', () => {
    const settings = resolveSettings({});
    expect(settings.expunge).toEqual({ mode: 'off' });
    expect(settings.storagePathFor('INBOX')).toBeUndefined();
    expect(settings.isStorage('.EXPUNGED')).toBe(false);
  });

  test('L1: in place: nowhere else, so no name is protected', () => {
    const settings = resolveSettings({ lazyExpunge: 'in-place' });
    expect(settings).toMatchObject({ expunge: { mode: 'in-place' } });
    expect(settings.storageName).toBeUndefined();
    expect(settings.storagePathFor('INBOX')).toBeUndefined();
    expect(settings.isProtected('in-place')).toBe(false);
  });

  test('L2: one mailbox for all; what is below it is protected, but no storage', () => {
    const settings = resolveSettings({ lazyExpunge: 'Deleted/Kept' });
    expect(settings.storagePathFor('Work')).toBe('Deleted/Kept');
    expect(settings.isStorage('Deleted/Kept')).toBe(true);
    expect(settings.isStorage('Deleted/Kept/x')).toBe(false);
    expect(settings.isProtected('Deleted/Kept/x')).toBe(true);
    expect(settings.isProtected('Deleted')).toBe(false);
    expect(settings.isExempt('Deleted/Kept')).toBe(false);
  });

  test('L2, L7: a namespace holds a mailbox for each, and never counts', () => {
    const settings = resolveSettings({ lazyExpunge: '.EXPUNGED/' });
    expect(settings.storagePathFor('Work/a')).toBe('.EXPUNGED/Work/a');
    expect(['.EXPUNGED', '.EXPUNGED/Work'].every(settings.isStorage)).toBe(true);
    expect(settings.isStorage('.EXPUNGEDx')).toBe(false);
    expect(settings.isExempt('.EXPUNGED/Work')).toBe(true);
    expect(settings.isExempt('Work')).toBe(false);
  });

  test.each([
    ['listed', 'lrswipkxtea'],
    ['hidden', 'rswipkxtea'],
    ['closed', ''],
  ] as const)('L8: an owner to whom the storage is %s has the rights %j', (access, rights) => {
    const settings = resolveSettings({
      lazyExpunge: '.EXPUNGED',
      lazyExpungeOwnerAccess: access,
    });
    expect(settings.storageRights).toBe(rights);
    expect(settings.ownerRightsOf('.EXPUNGED')).toBeUndefined();
    expect(settings.ownerRightsOf('INBOX')).toBeUndefined();
  });

  test("L8: rights that are named win over the storage's access", () => {
    const settings = resolveSettings({
      lazyExpunge: '.EXPUNGED',
      lazyExpungeOwnerAccess: 'closed',
      mailboxes: { '.EXPUNGED': { ownerRights: 'lr' } },
    });
    expect(settings.ownerRightsOf('.EXPUNGED')).toBe('lr');
  });
});

describe('L5: excluded mailboxes', () => {
  const settings = resolveSettings({
    lazyExpungeExclude: ['Spam', 'Tmp/*', '\\Trash'],
    mailboxes: { Bin: { specialUse: '\\Trash' } },
  });
  test.each([
    ['Spam', undefined, true],
    ['Spam/x', undefined, false],
    ['Tmp/a/b', undefined, true],
    ['Tmp', undefined, false],
    ['Bin', undefined, true],
    ['Papierkorb', '\\Trash', true],
    ['Papierkorb', '\\Junk', false],
    ['INBOX', undefined, false],
  ])('%s with the special use %s: %s', (path, specialUse, excluded) => {
    expect(settings.isExcluded(path, specialUse)).toBe(excluded);
  });
});
