import { MemoryS3Bucket } from '../../models/memory-s3-bucket.ts';
import { EmbeddedS3Target } from './embedded-s3-target.ts';
import { runS3Scenario, type S3Outcome } from './run-s3-scenario.ts';
import type { S3Scenario } from './s3-scenario.ts';

/**
 * Carries out a scenario of a bucket in a new one.
 *
 * @param directory of a running embedded AWS; missing: on the model in memory
 */
export async function replayBucket(scenario: S3Scenario, directory?: string): Promise<S3Outcome> {
  const target =
    directory === undefined ? new MemoryS3Bucket() : await EmbeddedS3Target.open(directory);
  try {
    return await runS3Scenario(scenario, target);
  } finally {
    await target.close();
  }
}
