/** Holds: what they protect, what not, and what becomes of it when they are released. */
import { beforeEach, describe, expect, test } from 'vitest';
import { listHolds } from '../../functions/core/holds/list-holds.ts';
import { requestHold } from '../../functions/core/holds/request-hold.ts';
import { STORAGE, USER } from './bulk-account.ts';
import { expiryDays } from './expiry-rows.ts';
import { CASE, DAY_MS, HeldAccount } from './held-account.ts';

let mail: HeldAccount;

/** t11 to t15 are expunged on day 3, of which t12 has a copy in Keep; i1 a day later. */
beforeEach(async () => {
  mail = await new HeldAccount().furnish();
  await mail.expunge('Trash', 1, 2, 3, 4, 5);
  mail.world.clock.advance(DAY_MS);
  await mail.expunge('INBOX', 1);
  await mail.world.reconciler.settle();
});

const EXPUNGED = ['i1', 't11', 't12', 't13', 't14', 't15'];

/** Keys whose latest version is a delete marker. */
const hidden = () =>
  mail.world.objects.versions().filter(({ deleteMarker, latest }) => deleteMarker && latest);

describe('hold-account', () => {
  test('W6: what is expunged and has not expired is protected, in rows and in S3', async () => {
    expect(hidden()).toHaveLength(5);
    const run = await mail.place();
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'done' } });
    expect(run.output).toMatchObject({ counts: { messages: 6 } });
    expect(hidden()).toEqual([]);
    await mail.pass(400);
    expect(await mail.readable()).toEqual(EXPUNGED);
    expect(await mail.show(STORAGE)).toHaveLength(6);
  });

  test('W6: what had expired when it was placed stays expired', async () => {
    mail.world.clock.advance(29 * DAY_MS);
    await mail.world.reconciler.settle();
    const run = await mail.place();
    expect(run.output).toMatchObject({ counts: { messages: 1 } });
    expect(await mail.readable()).toEqual(['i1']);
    await mail.pass(400);
    expect(await mail.readable()).toEqual(['i1']);
  });

  test('W6: what expires between the flag and the walk is protected', async () => {
    mail.world.clock.advance(30 * DAY_MS - DAY_MS - 1000);
    let isLate = false;
    const onStep = async (token: string) => {
      if (token !== 'ProtectMailFunctionArn' || isLate) return;
      isLate = true;
      mail.world.clock.advance(3_600_000);
      await mail.world.reconciler.settle();
    };
    await mail.place({}, { onStep });
    expect(isLate).toBe(true);
    await mail.pass(400);
    expect(await mail.readable()).toEqual(EXPUNGED);
  });

  test('W6: a walk that ends after twelve hours fails, whatever it has protected', async () => {
    const onStep = async (token: string) => {
      if (token === 'ProtectMailFunctionArn') mail.world.clock.advance(12 * 3_600_000 + 1);
    };
    const run = await mail.place({}, { onStep });
    expect(run).toMatchObject({ status: 'FAILED', error: 'HoldIncompleteError' });
    await mail.pass(400);
    expect(await mail.readable()).toEqual(EXPUNGED);
    expect((await listHolds(mail.world.ports, USER)).holds).toMatchObject([
      { caseId: 'case-17', protection: 'failed' },
    ]);
  });

  test('W6, B1: of copies the row of links stops its clock too', async () => {
    await mail.copy('Trash', 'Keep', [6]);
    const texts = await mail.show('Keep');
    expect(texts).toContain('t21');
    await mail.expunge('Trash', 6);
    await mail.expunge('Keep', 3);
    await mail.world.reconciler.settle();
    await mail.place();
    await mail.pass(400);
    expect((await mail.readable()).filter((text) => text === 't21')).toHaveLength(2);
  });

  test('W6: counts of the days on which mail ends move with it, and back', async () => {
    const days = () => expiryDays(mail.world.rows.rows('dictmap'));
    const before = days();
    expect([...before.values()]).toEqual([5, 1]);
    await mail.place();
    expect([...days()].filter(([, messages]) => messages > 0)).toEqual([['never', 6]]);
    await mail.release();
    const after = [...days()].filter(([, messages]) => messages > 0);
    expect(after).toEqual([[expect.stringMatching(/^\d{4}-/), 6]]);
  });

  test('W5, W6: bytes that are gone make it fail loudly; it stays placed', async () => {
    const [row] = mail.messageRows().filter(({ attributes }) => attributes['state'] === 'expunged');
    const blobId = String(row?.attributes['blobId']);
    const versions = mail.world.objects.versions().filter(({ key }) => key.endsWith(blobId));
    await mail.world.objects.removeVersions(versions);
    expect(await mail.place()).toMatchObject({ status: 'FAILED', error: 'HoldIncompleteError' });
    expect((await listHolds(mail.world.ports, USER)).held).toBe(true);
  });

  test('W6: a marker that a straggler places after the walk is found and lifted', async () => {
    let isDone = false;
    const onStep = async (token: string) => {
      if (token !== 'VerifyHoldFunctionArn' || isDone) return;
      isDone = true;
      const [shown] = mail.world.objects.versions().filter(({ key }) => key.includes('/mail/'));
      for (const row of mail.messageRows()) {
        if (row.attributes['protectedAt'] === undefined) continue;
        const key = mail.world.objects
          .versions()
          .find((one) => one.key.endsWith(String(row.attributes['blobId'])))?.key;
        await mail.world.objects.placeMarker(key ?? shown?.key ?? '');
        break;
      }
    };
    const run = await mail.place({}, { onStep });
    expect(isDone).toBe(true);
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(hidden()).toEqual([]);
  });

  test('O1: a dry run counts what would be protected, and changes no mail and no hold', async () => {
    const before = mail.world.rows.rows('dictmap');
    const run = await mail.place({ dryRun: true });
    expect(run.output).toMatchObject({ outcome: 'done', dryRun: true, counts: { messages: 6 } });
    expect(mail.world.rows.rows('dictmap')).toEqual(before);
    expect((await listHolds(mail.world.ports, USER)).held).toBe(false);
  });

  test.each(['inTurn', 'atOnce'] as const)(
    'W6: steps delivered twice, %s, count once',
    async (twice) => {
      const run = await mail.place({}, { twice });
      expect(run.status).toBe('SUCCEEDED');
      expect(run.output).toMatchObject({ counts: { messages: 6 } });
      await mail.pass(400);
      expect(await mail.readable()).toEqual(EXPUNGED);
    },
  );

  test('W6: a late delivery of the walk after the release stops no clock', async () => {
    await mail.place();
    await mail.release();
    const rows = () => mail.messageRows();
    const before = rows();
    const [operation] = mail.operations().filter(({ verb }) => verb === 'hold-account');
    const { operationId, accountId } = operation as { operationId: string; accountId: string };
    const payload = { operation: { operationId, accountId, attempt: 1 } };
    await mail.steps()['ProtectMailFunctionArn']?.(mail.world.ports, payload as never, Infinity);
    expect(rows()).toEqual(before);
  });
});

describe('release-hold', () => {
  test('W6, X2: the clock of what was protected starts anew, and S3 hides it again', async () => {
    await mail.place();
    await mail.pass(100);
    expect((await mail.release()).output).toMatchObject({
      outcome: 'done',
      counts: { messages: 6 },
    });
    expect(hidden()).toHaveLength(5);
    await mail.pass(29);
    expect(await mail.readable()).toEqual(EXPUNGED);
    await mail.pass(3);
    expect(await mail.readable()).toEqual([]);
    const left = mail.messageRows().filter(({ attributes }) => attributes['state'] === 'expunged');
    expect(left).toEqual([]);
  });

  test('W6: while another case holds the account nothing starts', async () => {
    await mail.place();
    await mail.place({ caseId: 'case-18' }, { execution: 'second' });
    const run = await mail.release();
    expect(run.output).toMatchObject({ outcome: 'done', counts: { messages: 0 } });
    await mail.pass(400);
    expect(await mail.readable()).toEqual(EXPUNGED);
  });

  test('W6: a hold that comes during the release keeps everything', async () => {
    await mail.place();
    const onStep = async (token: string) => {
      if (token !== 'RestartClocksFunctionArn') return;
      await mail.place({ caseId: 'case-18' }, { execution: 'second' });
    };
    await mail.release('case-17', { onStep });
    await mail.pass(400);
    expect(await mail.readable()).toEqual(EXPUNGED);
  });

  test('W6: between release and restart S3 hides nothing whose row has no end', async () => {
    await mail.place();
    const input = { user: USER, caseId: CASE.caseId };
    const release = { verb: 'release-hold' as const, input, requestedBy: 'ben' };
    await requestHold(mail.world.ports, release, mail.world.clock.now() + 10_000);
    await mail.pass(100);
    expect(await mail.readable()).toEqual(EXPUNGED);
  });

  test('W6, X2: a disabled account is released too', async () => {
    await mail.place();
    const { key } = await mail.accountRow();
    const guard = { row: 'present' } as const;
    await mail.world.rows.write({
      kind: 'update',
      key,
      guard,
      change: { set: { state: 'disabled' } },
    });
    expect((await mail.release()).output).toMatchObject({ counts: { messages: 6 } });
  });

  test('O1: a dry run counts what would end again, and the hold stays', async () => {
    await mail.place();
    const before = mail.world.rows.rows('dictmap');
    const run = await mail.runHold(
      'release-hold',
      { user: USER, caseId: CASE.caseId, dryRun: true },
      { execution: 'dry' },
    );
    expect(run.output).toMatchObject({ dryRun: true, counts: { messages: 6 } });
    expect(mail.world.rows.rows('dictmap')).toEqual(before);
    expect((await listHolds(mail.world.ports, USER)).held).toBe(true);
  });
});

test('W6: what is kept of a finished operation names no user', async () => {
  await mail.place();
  const [operation] = mail.operations();
  expect(JSON.stringify(operation)).not.toContain('john');
  expect(operation).toMatchObject({ caseId: 'case-17', state: 'succeeded' });
});
