import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { closingLines } from './test-counts.ts';

/** Ends a run with plain lines; or leaves the counts in a file for who runs several of them. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    const states = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const failures = errors.map(({ message }) => toLine('outside of tests', message));
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors: why = [] } = test.result();
        states[state] += 1;
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        if (state === 'failed') failures.push(toLine(name, why[0]?.message));
        if (state === 'pending') failures.push(toLine(name, 'it did not end'));
      }
      // A file that could not be loaded has no tests, and must not look like success.
      const [wrong] = module.errors();
      if (wrong === undefined) continue;
      states.failed += 1;
      failures.push(toLine(module.relativeModuleId, wrong.message));
    }
    const { passed, skipped } = states;
    const failed = states.failed + states.pending + errors.length;
    const counts = { passed, failed, skipped, failures };
    const countsFile = process.env['LETHE_COUNTS_FILE'];
    if (countsFile === undefined) process.stdout.write(`\n${closingLines(counts)}\n`);
    else writeFileSync(countsFile, JSON.stringify(counts));
  }
}

const toLine = (name: string, message = ''): string =>
  `failed: ${name}: ${message.split('\n')[0]?.slice(0, 200)}`;
