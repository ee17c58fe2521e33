import { defineConfig } from 'vitest/config';
import { GrantsLastSequencer } from './test/grants-last-sequencer.ts';

const INTEGRATION = 'test/{unit,simulation}/**/*.integration.test.ts';

// Tests that replace a module or the clock: others must not find what they put there.
const ALONE = 'test/{unit,simulation}/**/*.alone.test.ts';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    sequence: { sequencer: GrantsLastSequencer },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,simulation}/**/*.test.ts', 'test/contracts/memory.test.ts'],
          exclude: [INTEGRATION, ALONE],
          setupFiles: ['test/unit-setup.ts'],
          // Each module is read once per worker, not once per file: 65 s instead of 105 s.
          isolate: false,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'unit-alone',
          include: [ALONE],
          setupFiles: ['test/unit-setup.ts'],
          testTimeout: 60_000,
        },
      },
      {
        // What starts programs, or listens on this machine.
        test: {
          name: 'integration',
          include: [INTEGRATION, 'test/{local,style}/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'infrastructure',
          include: ['test/infrastructure/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'dynamodb-local',
          include: ['test/contracts/dynamodb-local.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'embedded',
          include: ['test/contracts/ministack.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/embedded-setup.ts'],
          // One embedded AWS on two cores: one file at a time keeps timings honest.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
