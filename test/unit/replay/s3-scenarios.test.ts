import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryS3Bucket } from '../../models/memory-s3-bucket.ts';
import { AWS_SCENARIOS } from '../../replay/s3/aws-scenarios.ts';
import { replayBucket } from '../../replay/s3/replay-bucket.ts';
import { runS3Scenario } from '../../replay/s3/run-s3-scenario.ts';
import { readS3Scenario, type S3Step } from '../../replay/s3/s3-scenario.ts';

const directory = join(import.meta.dirname, '..', '..', 'scenarios', 's3');
const files = readdirSync(directory);

test('there are scenarios', () => {
  expect(files.length).toBeGreaterThan(8);
});

describe('recorded scenarios of S3 on the model', () => {
  test.each(files)('X2: %s', async (file) => {
    const scenario = readS3Scenario(join(directory, file));
    expect(await replayBucket(scenario)).toEqual(
      scenario.deviates === true ? { outcome: 'skip', reason: 'DEV-14' } : { outcome: 'ok' },
    );
  });
});

const run = (...steps: S3Step[]) => runS3Scenario({ id: 'x', steps }, new MemoryS3Bucket());

describe('a scenario fails', () => {
  test.each<[string, S3Step, unknown, unknown]>([
    [
      'by status',
      { do: 'get', key: 'k', expect: { status: 200 } },
      { status: 200 },
      { status: 404 },
    ],
    ['by success', { do: 'get', key: 'k' }, 'success', { status: 404, error: 'NoSuchKey' }],
    [
      'by error',
      { do: 'get', key: 'k', expect: { error: 'NoSuchBucket' } },
      { error: 'NoSuchBucket' },
      { error: 'NoSuchKey' },
    ],
    [
      'by versions',
      { do: 'versions', expect: { versions: [{ key: 'k', version: 'null' }] } },
      { versions: [{ key: 'k', version: 'null', deleteMarker: false, latest: false }] },
      { versions: [] },
    ],
    ['by a verb that nobody knows', { do: 'jump' }, 'success', 'Error: there is no verb jump'],
    [
      'by an argument that nobody knows',
      { do: 'get', key: 'k', part: 1 },
      'success',
      'Error: get has no argument part',
    ],
    [
      'by an expectation that nobody knows',
      { do: 'versions', expect: { weather: 'fine' } },
      { weather: 'fine' },
      'Error: no step answers a member weather',
    ],
  ])('%s', async (_name, step, expected, got) => {
    const outcome = await run({ do: 'versions', label: 'before' }, step);
    const shown = typeof got === 'string' ? got : expect.objectContaining(got as object);
    const at = `step 2 (${step.do})`;
    expect(outcome).toMatchObject({ outcome: 'FAIL', step: at, expected });
    expect(outcome).toHaveProperty('message', expect.stringMatching(/^expected .+, got /));
    expect(outcome).toHaveProperty('got', shown);
  });

  test('by what a get answers', async () => {
    const written: S3Step = { do: 'put', key: 'k', body: 'x', metadata: { m: '1' } };
    for (const expectation of [{ body: 'y' }, { metadata: {} }, { version: 'new' }]) {
      const outcome = await run(written, { do: 'get', key: 'k', expect: expectation });
      expect(outcome).toMatchObject({
        outcome: 'FAIL',
        step: 'step 2 (get)',
        expected: expectation,
      });
    }
  });
});

test('deviating steps are left out, and scenarios that need what nobody has', async () => {
  const wrong: S3Step = { do: 'get', key: 'k', deviates: true, expect: { status: 200 } };
  expect(await run(wrong)).toEqual({ outcome: 'ok' });
  const needing = { id: 'x', needs: ['faultInjection'], steps: [] };
  expect(await runS3Scenario(needing, new MemoryS3Bucket())).toEqual({
    outcome: 'skip',
    reason: 'needs faultInjection',
  });
});

describe('what Amazon documents, on the model', () => {
  test.each(AWS_SCENARIOS)('$id', async (scenario) => {
    expect(await runS3Scenario(scenario, new MemoryS3Bucket())).toEqual({ outcome: 'ok' });
  });
});
