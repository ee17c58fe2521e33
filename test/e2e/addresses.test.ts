import { describe, expect, test } from 'vitest';
import type {
  AddressAnswer,
  RemoveAliasAnswer,
  RenameAnswer,
} from '../../functions/contract/address-api.ts';
import type { AccountAnswer } from '../../functions/contract/api.ts';
import { lethe, letheJson } from './lethe-command.ts';

const DOMAIN = 'addresses.example';
const [JOHN, DOE, SALES] = [`john@${DOMAIN}`, `doe@${DOMAIN}`, `sales@${DOMAIN}`];

describe('names of accounts as deployed', () => {
  test('R1, U4: an account is renamed, its aliases come and go, reservations hold and end', async () => {
    const { accountId } = await letheJson<AccountAnswer>('user', 'add', JOHN);
    await letheJson('user', 'alias', 'add', JOHN, SALES);
    const renamed = await letheJson<RenameAnswer>(
      ...['user', 'rename', JOHN, DOE, '--old-address', 'alias'],
    );
    expect(renamed).toMatchObject({ outcome: 'renamed', accountId, userdb: 'renamed' });
    const { aliases } = await letheJson<AccountAnswer>('user', 'show', DOE);
    expect([...aliases].sort()).toEqual([JOHN, SALES]);
    const removed = await letheJson<RemoveAliasAnswer>('user', 'alias', 'remove', DOE, JOHN);
    expect(removed.formerAddress.state).toBe('reserved');
    const refused = await lethe('user', 'add', JOHN);
    expect(refused.code).toBe(65);
    expect(refused.stderr).toContain('reserved until');
    await letheJson('address', 'release', JOHN);
    const next = await letheJson<AccountAnswer>('user', 'add', JOHN);
    const shown = await letheJson<AddressAnswer>('address', 'show', JOHN);
    expect(shown).toMatchObject({ state: 'owned', accountId: next.accountId, user: JOHN });
  });
});
