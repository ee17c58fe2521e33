import { describe, expect, test } from 'vitest';
import { encodeCursor } from '../../functions/adapters/cursors.ts';
import { mailKey, uploadKey } from '../../functions/contract/key-layout.ts';
import { findAccount } from '../../functions/core/accounts/accounts.ts';
import type { ListPage } from '../../functions/core/ports/object-store.ts';
import { Outage } from '../models/outage.ts';
import { certificateOf, makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import type { World } from './world.ts';

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

async function erasedWith(shortPages?: number) {
  const options = shortPages === undefined ? {} : { shortPages };
  const { world, account } = await makeDoomed(40, options);
  const run = await world.run({ user: USER });
  const { erased, verification } = await certificateOf(world, operationIdOf(run.output));
  return { left: leftOf(world, account.accountId), erased, found: verification.foundByRound };
}

/** Empty pages before the first entry of a list, each of which takes a while. */
class EmptyPages extends Outage {
  listings = 0;
  readonly #pages: number;
  readonly #world: World;
  readonly #prefix: string;
  readonly #takesMs: number;

  constructor(world: World, pages: number, prefix: string, takesMs: number) {
    super({ calls: [], refuse: () => Promise.reject(new Error('refuses nothing')) });
    this.#world = world;
    this.#pages = pages;
    this.#prefix = prefix;
    this.#takesMs = takesMs;
  }

  override wrapAll(_token: string, ports: World['ports']): World['ports'] {
    const { objects } = ports;
    const before =
      <T>(list: (prefix: string, after?: string) => Promise<ListPage<T>>) =>
      async (prefix: string, after?: string): Promise<ListPage<T>> => {
        if (!prefix.startsWith(this.#prefix)) return await list(prefix, after);
        this.listings += 1;
        this.#world.clock.advance(this.#takesMs);
        const place = after === undefined ? [] : Buffer.from(after, 'base64url').toString();
        const empty = /^\{"empty":"(\d+)"/.exec(String(place))?.[1];
        const page = after === undefined ? 1 : Number(empty ?? this.#pages + 1);
        if (page > this.#pages) return await list(prefix, empty === undefined ? after : undefined);
        return { entries: [], next: encodeCursor({ empty: String(page + 1) }) };
      };
    const listVersions = before(objects.listVersions.bind(objects));
    const listUploads = before(objects.listUploads.bind(objects));
    const wrapped = new Proxy(objects, {
      get: (target, name) => {
        if (name === 'listVersions') return listVersions;
        if (name === 'listUploads') return listUploads;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    return { ...ports, objects: wrapped };
  }
}

describe('lists whose pages hold fewer than they could', () => {
  test('X3, U7: nothing is left, and everything is counted once, however full pages are', async () => {
    const expected = await erasedWith();
    expect(expected.left).toEqual([]);
    expect(expected.found).toEqual([{}]);
    for (const seed of SEEDS)
      expect({ seed, ...(await erasedWith(seed)) }).toEqual({ seed, ...expected });
  });

  test.each(['objects', 'uploads'] as const)(
    'X3: %s behind pages without entries are found, erased and counted',
    async (kind) => {
      const { world, account } = await makeDoomed(6);
      const { accountId } = account;
      const outage = new EmptyPages(world, 3, kind === 'uploads' ? 'uploads/' : 'r30/', 0);
      let late = false;
      const onState = (name: string) => {
        if (name !== 'Settle' || late) return;
        late = true;
        if (kind === 'uploads') world.objects.startUpload(uploadKey(accountId, 'ab'));
        else void world.objects.put(mailKey('r30', accountId, 'ab'.repeat(16)), mail('late'));
      };
      const run = await world.run({ user: USER }, { outage, onState });
      expect(run.status).toBe('SUCCEEDED');
      expect(leftOf(world, accountId)).toEqual([]);
      const { verification } = await certificateOf(world, operationIdOf(run.output));
      const counter = kind === 'uploads' ? 'multipartUploads' : 'objectVersions';
      expect(verification.foundByRound).toEqual([{ [counter]: 1 }, {}]);
    },
  );

  test('X3, O3: more of them than an invocation can list are passed, each once', async () => {
    const { world, account } = await makeDoomed(6);
    const prefix = `r30/0/${account.accountId}/`;
    // 4 s each: some 60 of them take the time of an invocation.
    const outage = new EmptyPages(world, 400, prefix, 4000);
    const run = await world.run({ user: USER }, { outage });
    expect(run.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
    expect(await findAccount(world.rows, USER)).toBeUndefined();
    // For versions and for uploads, to erase and to verify; some again for each invocation.
    expect(outage.listings).toBeGreaterThan(1600);
    expect(outage.listings).toBeLessThan(2000);
  });
});
