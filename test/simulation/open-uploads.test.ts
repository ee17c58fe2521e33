import { describe, expect, test } from 'vitest';
import { uploadKey } from '../../functions/contract/key-layout.ts';
import {
  PRESIGNED_URL_SECONDS_MAX,
  SLOWEST_UPLOAD_BYTES_PER_SECOND,
  UPLOAD_BYTES_MAX,
  UPLOADS_WAIT_SECONDS_MAX,
} from '../../functions/contract/limits.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { startUpload } from '../../functions/core/messages/uploads.ts';
import { certificateOf, makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import type { World } from './world.ts';

const SETTLE_SECONDS = 1800;
const OPEN = 'uploads begun before the fence';

/** Runs a deletion; says how long it settled, each round. */
async function erase(world: World, onState: (name: string) => void = () => undefined) {
  const settled: number[] = [];
  let settling: number | undefined;
  const run = await world.run(
    { user: USER },
    {
      onState: (name) => {
        const now = world.clock.now();
        if (settling !== undefined) settled.push((now - settling) / 1000);
        settling = name === 'Settle' ? now : undefined;
        onState(name);
      },
    },
  );
  expect(run.status).toBe('SUCCEEDED');
  const certificate = await certificateOf(world, operationIdOf(run.output));
  return { settled, certificate, places: certificate.remains.map(({ where }) => where) };
}

describe('PUTs to presigned URLs that a fence does not stop', () => {
  test('X3: one that ends after the verification is found before the certificate', async () => {
    const { world, account } = await makeDoomed();
    const sent = await startUpload(world.ports, account, 4, world.clock.now() + 1000);
    let landed = 0;
    const { certificate, places } = await erase(world, (name) => {
      if (name !== 'Certify erasure' || landed > 0) return;
      landed += 1;
      void world.objects.receive(sent, Buffer.from('mail'));
    });
    expect(landed).toBe(1);
    expect(leftOf(world, account.accountId)).toEqual([]);
    expect(certificate.verification.foundByRound).toEqual([{ objectVersions: 1 }, {}]);
    expect(places).toContain(OPEN);
  });

  test('X3, O3: whoever keeps writing there gets no clean certificate', async () => {
    const { world, account } = await makeDoomed();
    let puts = 0;
    const onState = (name: string) => {
      if (name !== 'Certify erasure') return;
      puts += 1;
      void world.objects.put(uploadKey(account.accountId, `a${puts}`), mail('again'));
    };
    const run = await world.run({ user: USER }, { onState });
    expect(run).toMatchObject({ status: 'FAILED', error: 'LeftoversError' });
    expect(world.evidence.names()).toEqual([]);
  });

  test.each([
    ['the largest', UPLOAD_BYTES_MAX, UPLOADS_WAIT_SECONDS_MAX],
    ['a small one', 4, SETTLE_SECONDS],
    [
      'one of 20 MiB',
      20 * 1024 * 1024,
      PRESIGNED_URL_SECONDS_MAX + (20 * 1024 * 1024) / SLOWEST_UPLOAD_BYTES_PER_SECOND,
    ],
  ])('X3: %s is waited for as long as it takes on a slow line', async (_name, size, seconds) => {
    const { world, account } = await makeDoomed();
    await startUpload(world.ports, account, size, world.clock.now() + 1000);
    const { settled, places } = await erase(world);
    expect(settled).toHaveLength(1);
    expect(settled[0]).toBeGreaterThan(seconds - 60);
    expect(settled[0]).toBeLessThanOrEqual(seconds);
    expect(places).toContain(OPEN);
  });

  test.each([
    ['waited for', 0, 'those of at least 16 KiB a second were waited for'],
    ['not waited for, as where nothing is', 3_600_000, 'looked for and not waited for'],
  ])('U7: the certificate says so of uploads that were %s', async (_name, laterMs, said) => {
    const { world, account } = await makeDoomed();
    await startUpload(world.ports, account, 4, world.clock.now() + 1000);
    const { certificate } = await erase(world, (name) => {
      if (name !== 'Verify erasure' || laterMs === 0) return;
      const rows = world.rows.rows('registry');
      const operation = rows.find(({ attributes }) => attributes['type'] === 'operation');
      if (operation === undefined) throw new Error('there is no operation');
      const { key } = operation;
      const change = { set: { uploadsOpenUntil: world.clock.now() + laterMs } };
      void world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    });
    expect(certificate.remains.find(({ where }) => where === OPEN)?.note).toContain(said);
  });

  test('U7: an upload that was delivered is waited for as well: its URL still takes bytes', async () => {
    const { world, account } = await makeDoomed();
    const body = mail('large');
    const sent = await startUpload(world.ports, account, body.length, world.clock.now() + 1000);
    await world.objects.receive(sent, body);
    const messages = [{ uploadId: sent.uploadId }];
    const deadline = world.clock.now() + 1000;
    await deliverMessages(world.ports, { user: USER, messages }, deadline);
    expect((await erase(world)).places).toContain(OPEN);
  });

  test('U7: without an open upload nothing more is waited for, and none is named', async () => {
    const { world, account } = await makeDoomed();
    await startUpload(world.ports, account, UPLOAD_BYTES_MAX, world.clock.now() + 1000);
    world.clock.advance(UPLOADS_WAIT_SECONDS_MAX * 1000);
    const { settled, places } = await erase(world);
    expect(settled).toEqual([SETTLE_SECONDS]);
    expect(places).not.toContain(OPEN);
  });
});
