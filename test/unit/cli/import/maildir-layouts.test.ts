import { describe, expect, test } from 'vitest';
import { baseName } from '../../../../cli/import/dovecot-files.ts';
import { parseFileName } from '../../../../cli/import/maildir-folder.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import {
  at,
  bodies,
  messagesOf,
  notesOf,
  put,
  readAll,
  useSourceFiles,
} from '../support/source-files.ts';

useSourceFiles();

const open = () => openSource(at());

async function bodiesByMailbox(): Promise<Record<string, string[]>> {
  const found = await readAll(await open());
  return Object.fromEntries([...found].map(([mailbox, items]) => [mailbox, bodies(items)]));
}

describe('W1: every layout of folders', () => {
  test('INBOX as a subfolder of its own, beside an empty one', async () => {
    await put('cur/.keep', '');
    await put('.INBOX/cur/1.x:2,S', 'a');
    await put('.INBOX.Work/cur/1.x:2,', 'b');
    expect(await bodiesByMailbox()).toEqual({ INBOX: ['a'], 'INBOX/Work': ['b'] });
  });

  test.each(['.INBOX', 'INBOX', 'Inbox'])('without a folder in the root: %s', async (inbox) => {
    await put(`${inbox}/cur/1.x:2,S`, 'a');
    await put('Work/cur/1.x', 'b');
    await put('Work/.uidvalidity', '1583230272\n1\n');
    expect(await bodiesByMailbox()).toEqual({ INBOX: ['a'], Work: ['b'] });
  });

  test('users side by side are not folders of one user', async () => {
    await put('ann/cur/1.x', 'a');
    await put('bob/cur/1.x', 'b');
    await expect(open()).rejects.toMatchObject({ exitCode: 65 });
  });

  test('folders with a dot below folders, as mbsync has them', async () => {
    await put('cur/1.a', '1');
    await put('.Archive/cur/2.a', '2');
    await put('.Archive/.2019/cur/3.a', '3');
    await put('.Archive/2018/cur/4.a', '4');
    await put('Work/cur/5.a', '5');
    await put('Work/.Projects/cur/6.a', '6');
    await put('Work/.Projects/.2020/new/7.a', '7');
    expect(await bodiesByMailbox()).toEqual({
      INBOX: ['1'],
      Archive: ['2'],
      'Archive/2019': ['3'],
      'Archive/2018': ['4'],
      Work: ['5'],
      // As Dovecot (LAYOUT=fs) lists them: there a dot is part of the name.
      'Work/.Projects': ['6'],
      'Work/.Projects/.2020': ['7'],
    });
  });

  test('names escaped by listescape are those that the user sees, subscriptions too', async () => {
    await put('cur/1.a', 'x');
    await put('.google\\2ecom/cur/1.a', 'a');
    await put('.Lists.v1\\2e2/cur/1.a', 'b');
    // A slash within a level would make two of it here.
    await put('.a\\2fb/cur/1.a', 'c');
    await put('.plain\\x/cur/1.a', 'd');
    await put('subscriptions', 'V\t2\n\ngoogle.com\nLists\tv1.2\na/b\n');
    const source = await open();
    expect(source.folders.map(({ mailbox }) => mailbox).sort()).toEqual([
      'INBOX',
      'Lists/v1.2',
      'a\\2fb',
      'google.com',
      'plain\\x',
    ]);
    expect(source.subscriptions).toEqual(['google.com', 'Lists/v1.2', 'a\\2fb']);
  });
});

describe('W1: names of files', () => {
  test.each([
    ['1588316016.M1.host2,S', 'S'],
    ['1588316016.M1P2Q2R95d4.host2,FS', 'FS'],
    ['1588316016.M1.host2,', ''],
    ['1588316016.M1.host\uf03a2,S', 'S'],
    ['1588316016.M1.host\uf0222,S', 'S'],
    ['1588316016.M1.host：2,S', 'S'],
    ['1588316016.M1.host_2,RS', 'RS'],
    ['1588316016.M1.host%3A2,S', 'S'],
    ['1588316016.M1.host%3a2,S', 'S'],
    ['1588316016.M1.host-2,S', 'S'],
    ['1588316016.M1.host;2,S', 'S'],
    ['1588316016.M1.host!2,Sa', 'S'],
  ])('a colon that a copy has changed: %s', (name, letters) => {
    expect(baseName(name)).toBe(
      '1588316016.M1.host'.replace('M1.', /M1\w*\./.exec(name)?.[0] ?? ''),
    );
    expect(parseFileName(name)).toEqual(parseFileName(`1.x:2,${letters}`));
  });

  test('of one with a size, the size stays in the name', () => {
    expect(baseName('1.host,S=1402,S')).toBe('1.host,S=140');
    expect(baseName('1.host,S=172,W=178')).toBe('1.host,S=172,W=178');
  });

  test.each([
    ['1653988152_2.47233.host,U=1,FMD5=7e33:2,:2,S', 'S'],
    ['1653889235_0.37995.host,U=2,FMD5=7e33:2,:::2:2::2,S', 'S'],
    ['1686325684.2046813_1.host,U=103:2:2,RS', 'RS'],
    ['1686325685.1_1.host:2,S,W=1234', 'S'],
    ['1686325686.1_1.host:2,FS.gz', 'FS'],
    ['1686325687.1_1.host:2,S:2,F', 'F'],
    ['1686325687.1_1.host:2,:2,', ''],
    ['1686325687.1_1.host:2,SF:2,R:2,T.x', 'T'],
  ])('flags after more than one colon, as Dovecot reads them: %s', (name, letters) => {
    expect(parseFileName(name)).toEqual(parseFileName(`1.x:2,${letters}`));
  });
});

describe('W1: UIDs that Dovecot gave', () => {
  test('a saved UIDL of POP3 may hold a colon', async () => {
    await put('cur/1.h:2,S', 'a');
    await put('cur/2.h:2,S', 'b');
    await put('cur/3.h:2,S', 'c');
    await put('dovecot-uidlist', '3 V15 N31\n10 G01 W2 :1.h\n20 P2.h:2,S W2 :2.h\n30 P: :3.h\n');
    const items = (await readAll(await open())).get('INBOX');
    expect(messagesOf(items).map(({ uid }) => uid)).toEqual([10, 20, 30]);
    expect(notesOf(items)).toEqual([]);
  });

  test('are found though a copy changed the colon', async () => {
    for (const name of ['1.h2,S', '2.h\uf03a2,S', '3.h_2,S', '4.h-2,'])
      await put(`cur/${name}`, 'x');
    await put('dovecot-uidlist', '3 V15 N9\n1 :1.h\n2 :2.h\n3 :3.h\n4 :4.h\n');
    const items = (await readAll(await open())).get('INBOX');
    expect(messagesOf(items).map(({ uid }) => uid)).toEqual([1, 2, 3, 4]);
  });

  test('of two files with one name, one has it, and each is a message', async () => {
    await put('cur/1.h,S=1:2,', 'a');
    await put('cur/1.h,S=1:2,S', 'a');
    await put('cur/2.h:2,S', 'b');
    await put('new/2.h', 'b');
    await put('dovecot-uidlist', '3 V15 N12\n10 :1.h,S=1\n11 :2.h\n');
    const items = (await readAll(await open())).get('INBOX');
    expect(messagesOf(items).map(({ uid, name }) => [uid, name])).toEqual([
      [10, '1.h,S=1'],
      [11, '2.h'],
      [undefined, '1.h,S=1/1'],
      [undefined, '2.h/1'],
    ]);
    expect(notesOf(items)).toEqual([expect.stringContaining('only one of them keeps the UID')]);
  });

  test('W5: lines that give none are told', async () => {
    await put('cur/1.h', 'a');
    await put('dovecot-uidlist', '3 V15 N12\n10 :1.h\n10 :2.h\n11 :1.h\nx :3.h\n0 :4.h\n');
    const items = (await readAll(await open())).get('INBOX');
    expect(messagesOf(items).map(({ uid }) => uid)).toEqual([10]);
    expect(notesOf(items)).toEqual(['has 4 lines in dovecot-uidlist that give no UID']);
  });

  test.each(['', 'garbage\n1 :1.h\n', '3 V0 N1\n1 :1.h\n'])(
    'W5: a list that cannot be read is told: %j',
    async (list) => {
      await put('cur/1.h', 'a');
      await put('dovecot-uidlist', list);
      const items = (await readAll(await open())).get('INBOX');
      expect(messagesOf(items)).toMatchObject([{ name: '1.h' }]);
      expect(notesOf(items)).toEqual([
        'has a dovecot-uidlist that cannot be read: its messages get new UIDs',
      ]);
    },
  );
});

describe('W5: letters of keywords', () => {
  test('that have no name in the folder are told', async () => {
    await put('cur/1.h:2,Sab', 'a');
    await put('cur/2.h:2,b', 'b');
    await put('dovecot-keywords', '0 work\n');
    const items = (await readAll(await open())).get('INBOX');
    expect(messagesOf(items).map(({ keywords }) => keywords)).toEqual([['work'], []]);
    expect(notesOf(items)).toEqual([
      'lost the keyword of the letter "b", which dovecot-keywords does not name, on 2 messages (1.h, 2.h)',
    ]);
  });
});
