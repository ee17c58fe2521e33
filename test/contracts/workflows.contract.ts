import { beforeAll, describe, expect, test } from 'vitest';
import type { Workflows } from '../../functions/core/ports/workflows.ts';

/** The port, and how a test ends an execution of it. */
interface TestedWorkflows {
  readonly workflows: Workflows;
  end(name: string, status: 'succeeded' | 'failed'): Promise<void>;
}

const VERB = 'delete-account';

/** What every `Workflows` must do. Executions run until the test ends them. */
export function workflowsContract(name: string, make: () => Promise<TestedWorkflows>): void {
  describe(`workflows: ${name}`, () => {
    let tested: TestedWorkflows | undefined;
    beforeAll(async () => {
      tested = await make();
    });
    const under = (): TestedWorkflows => {
      if (tested === undefined) throw new Error('the workflows were not made');
      return tested;
    };

    test('U5: an execution that nobody started is unknown', async () => {
      expect(await under().workflows.status(VERB, 'never-started')).toBeUndefined();
    });

    test.each(['succeeded', 'failed'] as const)('U5: one that has %s says so', async (status) => {
      const { workflows, end } = under();
      const execution = `ends-${status}-1`;
      expect(await workflows.start(VERB, execution, { operationId: 'a' })).toBe('started');
      expect(await workflows.status(VERB, execution)).toBe('running');
      await end(execution, status);
      await expect
        .poll(() => workflows.status(VERB, execution), { timeout: 10_000, interval: 100 })
        .toBe(status);
    });

    test('O1: what runs is listed with the time of its start, until it ends', async () => {
      const { workflows, end } = under();
      const before = await workflows.running(VERB);
      const from = Date.now() - 1000;
      expect(await workflows.start(VERB, 'listed-1', { operationId: 'a' })).toBe('started');
      const during = await workflows.running(VERB);
      expect(during).toHaveLength(before.length + 1);
      const newest = Math.max(...during);
      expect(newest).toBeGreaterThanOrEqual(from);
      expect(newest).toBeLessThanOrEqual(Date.now() + 1000);
      await end('listed-1', 'succeeded');
      await expect
        .poll(() => workflows.running(VERB), { timeout: 10_000, interval: 100 })
        .toHaveLength(before.length);
    });

    test('U5: a name is used once, whatever became of its execution', async () => {
      const { workflows, end } = under();
      expect(await workflows.start(VERB, 'once-1', { operationId: 'a' })).toBe('started');
      expect(await workflows.start(VERB, 'once-1', { operationId: 'b' })).toBe('exists');
      // While it runs, the same input may be answered as the first start was.
      const again = await workflows.start(VERB, 'once-1', { operationId: 'a' });
      expect(['started', 'exists']).toContain(again);
      await end('once-1', 'succeeded');
      await expect
        .poll(() => workflows.status(VERB, 'once-1'), { timeout: 10_000, interval: 100 })
        .toBe('succeeded');
      expect(await workflows.start(VERB, 'once-1', { operationId: 'a' })).toBe('exists');
      expect(await workflows.status(VERB, 'once-1')).toBe('succeeded');
    });
  });
}
