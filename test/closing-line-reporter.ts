import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { closingLine } from './test-counts.ts';

/** Ends a run with one plain line; or leaves the counts in a file for who runs several of them. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) states[test.result().state] += 1;
      // A file that could not be loaded has no tests, and must not look like success.
      if (module.errors().length > 0) states.failed += 1;
    }
    const { passed, skipped } = states;
    const counts = { passed, failed: states.failed + states.pending + errors.length, skipped };
    const countsFile = process.env['LETHE_COUNTS_FILE'];
    if (countsFile === undefined) process.stdout.write(`\n${closingLine(counts)}\n`);
    else writeFileSync(countsFile, JSON.stringify(counts));
  }
}
