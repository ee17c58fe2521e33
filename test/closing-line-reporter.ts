import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that any reader of logs can count on. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      // A file that could not be loaded has no tests, and must not look like success.
      if (module.errors().length > 0) counts.failed += 1;
    }
    const failed = counts.failed + counts.pending + errors.length;
    process.stdout.write(
      `\n${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`,
    );
  }
}
