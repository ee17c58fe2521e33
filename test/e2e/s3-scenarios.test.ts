/** Recorded scenarios of S3, and what Amazon documents, on the embedded AWS and its clock. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readClock, setClockOffset } from '../../local/instance-clock.ts';
import { AWS_SCENARIOS } from '../replay/s3/aws-scenarios.ts';
import { replayBucket } from '../replay/s3/replay-bucket.ts';
import { readS3Scenario, type S3Scenario } from '../replay/s3/s3-scenario.ts';

const { directory } = inject('lethe');
const recordings = join(import.meta.dirname, '..', 'scenarios', 's3');
let before = 0;

beforeAll(async () => {
  before = (await readClock(directory)).offsetSeconds;
});

afterAll(async () => {
  // Other tests live by the machine's clock.
  await setClockOffset(directory, before, { keepSchedules: true });
});

const run = (scenario: S3Scenario) => replayBucket(scenario, directory);

describe('recorded', () => {
  test.each(readdirSync(recordings))('X2: %s', async (file) => {
    const scenario = readS3Scenario(join(recordings, file));
    expect(await run(scenario)).toEqual(
      scenario.deviates === true ? { outcome: 'skip', reason: 'DEV-14' } : { outcome: 'ok' },
    );
  });
});

/** What MiniStack does otherwise; a version that does not shall be noticed. */
const SKIPPED: Readonly<Record<string, RegExp>> = {
  'a delete marker cannot be copied': /a delete marker is no version/,
  'a copy over its own key without versioning changes nothing and is refused': /over itself/,
};

describe('documented', () => {
  test.each(AWS_SCENARIOS)('$id', async (scenario) => {
    const reason = SKIPPED[scenario.id];
    expect(await run(scenario)).toEqual(
      reason === undefined
        ? { outcome: 'ok' }
        : { outcome: 'skip', reason: expect.stringMatching(reason) },
    );
  });
});
