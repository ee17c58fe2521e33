/** How many tests ended how, in one run or in several. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each that failed: where logs are cut, their end tells it. */
  readonly failures: readonly string[];
}

export const NO_COUNTS: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] };

export const addCounts = (one: TestCounts, other: TestCounts): TestCounts => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
  failures: [...one.failures, ...other.failures],
});

/** What failed, and one plain line that any reader of logs can count on. */
export const closingLines = ({ passed, failed, skipped, failures }: TestCounts): string =>
  [...failures, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n');
