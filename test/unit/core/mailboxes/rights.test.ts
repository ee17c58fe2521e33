import { describe, expect, test } from 'vitest';
import { ADMIN, OWNER } from '../../../../functions/core/accounts/actor.ts';
import {
  requireAnyRight,
  requireRight,
  rightsOf,
} from '../../../../functions/core/mailboxes/rights.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';

const ALL = 'lrswipkxtea';
const ANNA = { kind: 'user', accountId: 'a'.repeat(24) } as const;
const BOB = { kind: 'user', accountId: 'b'.repeat(24) } as const;
const SETTINGS = resolveSettings({
  lazyExpunge: '.EXPUNGED',
  lazyExpungeOwnerAccess: 'closed',
  mailboxes: { Archive: { ownerRights: 'lr' } },
});
const shared = { path: 'Team', acl: { anyone: 'lr', [ANNA.accountId]: 'rie' } };

describe('rights', () => {
  test.each([
    ['the owner', OWNER, 'Work', ALL],
    ['the owner, where the settings fix rights', OWNER, 'Archive', 'lr'],
    ['L8: the owner of a closed storage', OWNER, '.EXPUNGED', ''],
    ['L8: an administrator', ADMIN, '.EXPUNGED', ALL],
    ['another user without an entry', ANNA, 'Work', ''],
    ['a user named in the ACL, with those of anyone', ANNA, shared, 'lrie'],
    ['a user of whom only anyone speaks', BOB, shared, 'lr'],
  ] as const)('%s', (_, actor, place, rights) => {
    expect(rightsOf(actor, SETTINGS, place)).toBe(rights);
  });

  test("the owner's rights come from the settings alone, whatever an ACL says", () => {
    const acl = { 'john@example.com': 'a', anyone: 'a' };
    expect(rightsOf(OWNER, SETTINGS, { path: 'Archive', acl })).toBe('lr');
  });

  test('a user called as a member of every object has no rights by it', () => {
    const user = { kind: 'user', accountId: 'constructor' } as const;
    expect(rightsOf(user, SETTINGS, shared)).toBe('lr');
  });

  test('a missing right is told by its letter', () => {
    expect(() => requireRight(BOB, SETTINGS, shared, 'i')).toThrow(
      expect.objectContaining({
        name: 'PermissionDeniedError',
        message: 'the right i on the mailbox "Team" is missing',
      }),
    );
    expect(() => requireRight(ANNA, SETTINGS, shared, 'i')).not.toThrow();
  });

  test('DEV-05: without any right a mailbox is unknown, whatever is asked for', () => {
    const unknown = expect.objectContaining({ name: 'UnknownMailboxError' });
    expect(() => requireRight(OWNER, SETTINGS, '.EXPUNGED', 'l')).toThrow(unknown);
    expect(() => requireAnyRight(OWNER, SETTINGS, '.EXPUNGED')).toThrow(unknown);
    expect(() => requireAnyRight(BOB, SETTINGS, shared)).not.toThrow();
  });
});
