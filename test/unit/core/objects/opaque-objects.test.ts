import { beforeEach, describe, expect, test } from 'vitest';
import { opaqueKey } from '../../../../functions/contract/key-layout.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  getObject,
  listObjects,
  putObject,
} from '../../../../functions/core/objects/opaque-objects.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { Crashes } from '../../../models/faulty.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: 'a@x.org' });
});

const put = (name: string, text: string, ports: Ports = world.ports) =>
  putObject(
    ports,
    account,
    { kind: 'index', name, body: Buffer.from(text) },
    world.clock.now() + 20_000,
  );

async function read(name: string, kind: 'index' | 'fts' = 'index'): Promise<string | undefined> {
  const body = await getObject(world.ports, account.accountId, kind, name);
  return body && Buffer.from(body).toString();
}

const purging = () =>
  world.rows.rows('dictmap').filter(({ attributes }) => attributes['state'] === 'purging');

describe('an object', () => {
  test('W1: is read back byte for byte, and belongs to its kind and name only', async () => {
    expect(await put('inbox/1', 'bundle')).toEqual({
      kind: 'index',
      name: 'inbox/1',
      objectId: expect.stringMatching(/^[0-9a-f]{32}$/),
      versionId: world.objects.versions()[0]?.versionId,
      sizeBytes: 6,
    });
    expect(await read('inbox/1')).toBe('bundle');
    expect(await read('inbox')).toBeUndefined();
    expect(await read('inbox/1', 'fts')).toBeUndefined();
  });

  test('lies below its account, under no name that a user gave', async () => {
    await put('john@example.org', 'bundle');
    const [version] = world.objects.versions();
    expect(version?.key).toMatch(
      new RegExp(`^x1/[0-9a-f]/${account.accountId}/index/[0-9a-f]{32}$`),
    );
  });

  test('B1: replaced, its old bytes stay, named by a purging row for each', async () => {
    const first = await put('bundle', 'one');
    const second = await put('bundle', 'twelve');
    await put('bundle', 'three');
    expect(await read('bundle')).toBe('three');
    expect(purging().map(({ key }) => key)).toEqual(
      [first, second]
        .map(({ objectId }) => dictmapKeys.purgingObject(account.accountId, 'index', objectId))
        .sort((a, b) => (a.sk < b.sk ? -1 : 1)),
    );
    expect(purging().map(({ attributes }) => attributes['size'])).toContain('twelve'.length);
    const versions = world.objects.versions().map(({ versionId }) => versionId);
    for (const { attributes } of purging()) expect(versions).toContain(attributes['versionId']);
    for (const { objectId } of [first, second]) {
      const key = opaqueKey('index', account.accountId, objectId);
      expect(world.objects.versions(key)).toHaveLength(1);
    }
  });

  test('B1: replaced by another writer meanwhile, that one is not lost sight of', async () => {
    const first = await put('bundle', 'first');
    const rows = interrupted(world.rows, async () => {
      await put('bundle', 'second');
      // The first one's bytes are gone by then, and its row with them.
      const { accountId } = account;
      await world.rows.removeAll([dictmapKeys.purgingObject(accountId, 'index', first.objectId)]);
    });
    await put('bundle', 'third', { ...world.ports, rows });
    expect(await read('bundle')).toBe('third');
    expect(purging().map(({ attributes }) => attributes['size'])).toEqual(['second'.length]);
  });

  test('W2: written many times at once ends as one of them, and no bytes are lost sight of', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `version ${index}`);
    await Promise.all(texts.map((text) => put('bundle', text)));
    expect(texts).toContain(await read('bundle'));
    expect(purging()).toHaveLength(19);
    const current = await world.rows.get(dictmapKeys.object(account.accountId, 'index', 'bundle'));
    const known = [...purging(), ...(current === undefined ? [] : [current])];
    expect(known.map(({ attributes }) => attributes['objectId']).sort()).toEqual(
      world.objects
        .versions()
        .map(({ key }) => key.slice(-32))
        .sort(),
    );
  });

  test.each(
    [1, 2].flatMap((call) => [
      { call, point: 'before' as const },
      { call, point: 'after' as const },
    ]),
  )('W2: a crash $point change $call leaves the old or the new one', async (crash) => {
    await put('bundle', 'old');
    const ports = new Crashes(crash).wrapAll({ ...world.ports });
    await expect(put('bundle', 'new', ports)).rejects.toMatchObject({ name: 'CrashError' });
    const switched = crash.call === 2 && crash.point === 'after';
    expect(await read('bundle')).toBe(switched ? 'new' : 'old');
    expect(purging()).toHaveLength(switched ? 1 : 0);
    await put('bundle', 'new');
    expect(await read('bundle')).toBe('new');
  });
});

describe('what is refused', () => {
  test.each(['', 'x'.repeat(801), '\u00e9'.repeat(401)])('O2: the name %j', async (name) => {
    await expect(put(name, 'bundle')).rejects.toMatchObject({ problems: [{ field: 'name' }] });
    expect(world.objects.versions()).toEqual([]);
  });

  test('a name of 800 bytes fits', async () => {
    await put('\u00e9'.repeat(400), 'bundle');
    expect(await read('\u00e9'.repeat(400))).toBe('bundle');
  });

  test.each(['disabled', 'deleting', 'erased'])(
    'X3: a late put into an account that is %s leaves no row',
    async (state) => {
      await put('bundle', 'old');
      await world.rows.write({
        kind: 'update',
        key: registryKeys.account(account.accountId),
        guard: { row: 'present' },
        change: { set: { state } },
      });
      const before = world.rows.rows();
      for (const name of ['bundle', 'another']) {
        await expect(put(name, 'late')).rejects.toMatchObject({
          name: 'AccountNotActiveError',
          message: expect.stringContaining('no longer active'),
        });
      }
      expect(world.rows.rows()).toEqual(before);
      expect(await read('bundle')).toBe('old');
    },
  );

  test('O3: who keeps losing is told so', async () => {
    world.rows.conflictNext(1000);
    await expect(put('bundle', 'x')).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(await read('bundle')).toBeUndefined();
  });
});

test('O3: the list of a kind has pages, without what is purging and without other kinds', async () => {
  for (let index = 0; index < 11; index += 1) await put(`bundle ${index}`, 'x');
  for (let index = 0; index < 5; index += 1) await put(`bundle ${index}`, 'replaced');
  const deadline = world.clock.now() + 20_000;
  const body = Buffer.from('fts');
  await putObject(world.ports, account, { kind: 'fts', name: 'bundle 99', body }, deadline);
  const names: string[] = [];
  const sizes: number[] = [];
  let after: string | undefined;
  do {
    const page = await listObjects(world.rows, account.accountId, 'index', {
      limit: 4,
      ...(after === undefined ? {} : { after }),
    });
    expect(page.objects.length).toBeLessThanOrEqual(4);
    names.push(...page.objects.map(({ name }) => name));
    sizes.push(...page.objects.map(({ sizeBytes }) => sizeBytes));
    after = page.next;
  } while (after !== undefined);
  expect(names.sort()).toEqual(Array.from({ length: 11 }, (_, i) => `bundle ${i}`).sort());
  expect(sizes.filter((size) => size === 'replaced'.length)).toHaveLength(5);
});
