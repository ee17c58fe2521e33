import { describe, expect, test } from 'vitest';
import type { OperationContext } from '../../functions/contract/payloads.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import { dollarsOf, sumUsage, type Usage, usageOf } from '../../functions/core/meter/usage.ts';
import { reconcileObjects } from '../../functions/core/objects/reconcile-objects.ts';
import { meteredStep } from '../../functions/core/operations/metered-step.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { meteredPorts } from '../models/metered-ports.ts';
import { PurgedAccounts, USERS } from './purged-accounts.ts';
import type { StepOf } from './run-steps.ts';

const [A] = USERS;
const ALL = { olderThanDays: 0 };

const STEP_NAMES: Readonly<Record<string, string>> = {
  ResolvePurgeFunctionArn: 'resolve-purge',
  PurgePartFunctionArn: 'purge-part',
  FinishPurgeFunctionArn: 'finish-purge',
};

/** Accounts whose steps leave a row that says what they were billed for, as deployed. */
class BilledAccounts extends PurgedAccounts {
  #invocations = 0;

  override steps(): Readonly<Record<string, StepOf>> {
    const steps = Object.entries(super.steps()).map(([token, step]) => {
      const metered: StepOf = (ports, payload: never, until) => {
        this.#invocations += 1;
        const meter = new Meter();
        const own = meteredPorts(ports, meter);
        const { operation } = payload as { readonly operation?: OperationContext };
        const invocation = {
          step: STEP_NAMES[token] ?? '',
          id: String(this.#invocations),
          memoryMb: 1024,
          initMs: 0,
          operation,
          onLost: (fault: unknown) => {
            throw fault;
          },
        };
        const run = async () => step(own, payload, until);
        return meteredStep(ports, meter, invocation, run);
      };
      return [token, metered] as const;
    });
    return Object.fromEntries(steps);
  }

  /** What follows in S3, and what that is billed for. */
  async settled(): Promise<Usage> {
    const meter = new Meter();
    const ports = meteredPorts(this.world.ports, meter);
    const records = this.world.reconciler.pendingRecords();
    for (const { key } of records) await reconcileObjects(ports, key);
    return meter.take();
  }
}

/** Time stands still in the simulation, so neither side may count it. */
const withoutTime = (usage: Usage): number =>
  dollarsOf({ ...usage, lambdaGigabyteSeconds: 0, lambdaRequests: 0 });

describe('O1: the dry run of a purge names what the bill will be', () => {
  test.each([
    ['three trees of 18 messages', 0],
    ['and one of 500 more', 500],
    ['and one of 3,000 more', 3000],
  ])('within 10% for %s', async (_, more) => {
    const purged = await new BilledAccounts().furnish();
    purged.keysPerSecond = 10_000;
    for (let sent = 0; sent < more; sent += 50) await purged.deliver(A, 'Old/a', 50);
    for (const user of USERS) await purged.delete(user, 'Old');
    await purged.world.reconciler.settle();
    const dry = await purged.run({ ...ALL, dryRun: true });
    const estimated = (await billOf(purged, dry.output)).estimatedBill ?? {};
    const run = await purged.run(ALL, { execution: 'real' });
    const { billed, counts } = await billOf(purged, run.output);
    expect(counts['messages']).toBe(54 + more);
    const real = sumUsage([usageOf(billed), await purged.settled()]);
    const ratio = withoutTime(usageOf(estimated)) / withoutTime(real);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
    const writes = (estimated['dynamodbWriteUnits'] ?? 0) / (real.dynamodbWriteUnits ?? 1);
    expect(writes).toBeGreaterThan(0.9);
    expect(writes).toBeLessThan(1.1);
    expect(billed['stateTransitions']).toBe(run.transitions);
  });

  test('B2: reconcile-objects removes a purged version by a DELETE, which is free', async () => {
    const purged = await new BilledAccounts().furnish([A]);
    await purged.delete(A, 'Old');
    await purged.world.reconciler.settle();
    await purged.run(ALL);
    const usage = await purged.settled();
    expect(usage).toMatchObject({ s3DeleteRequests: 18 });
    expect(usage.s3DeleteObjectsRequests).toBeUndefined();
  });
});

async function billOf(purged: PurgedAccounts, output: unknown) {
  const { operationId } = output as { readonly operationId: string };
  return await showOperation(purged.world.ports, operationId);
}
