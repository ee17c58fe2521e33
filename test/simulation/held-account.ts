/** An account with mail, expunged mail and copies, for holds: the machines over the models. */
import type { HoldVerb } from '../../functions/contract/machines.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { protectMail } from '../../functions/core/holds/protect-mail.ts';
import { resolveHold } from '../../functions/core/holds/resolve-hold.ts';
import { restartClocks } from '../../functions/core/holds/restart-clocks.ts';
import { verifyHold } from '../../functions/core/holds/verify-hold.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { toEntry } from '../../functions/core/messages/entries.ts';
import { followedRow, objectOf } from '../../functions/core/objects/row-object.ts';
import { recordFailure } from '../../functions/core/operations/record-failure.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { BulkAccount, USER } from './bulk-account.ts';
import { runSteps, type StepOf, type StepsOptions, type StepsRun } from './run-steps.ts';

export const DAY_MS = 86_400_000;
const SETTLE_SECONDS = 1800;
const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };
export const CASE = { user: USER, caseId: 'case-17', reason: 'court order' };

/** What deployed lifecycle rules do: a day later than rows end. */
const LIFECYCLE = [7, 30].map((days) => ({
  ID: `autoexpunge-r${days}`,
  Status: 'Enabled' as const,
  Filter: { Prefix: `r${days}/` },
  NoncurrentVersionExpiration: { NoncurrentDays: days + 1 },
  Expiration: { ExpiredObjectDeleteMarker: true },
}));

export class HeldAccount extends BulkAccount {
  steps(): Readonly<Record<string, StepOf>> {
    return {
      ResolveHoldFunctionArn: (ports, payload) => resolveHold(ports, payload),
      ProtectMailFunctionArn: (ports, payload, until) =>
        protectMail(ports, SETTLE_SECONDS, payload, until),
      VerifyHoldFunctionArn: (ports, payload, until) =>
        verifyHold(ports, SETTLE_SECONDS, payload, until),
      RestartClocksFunctionArn: (ports, payload, until) =>
        restartClocks(ports, RETENTION_DAYS, payload, until),
      RecordFailureFunctionArn: (ports, payload) => recordFailure(ports, payload),
    };
  }

  /** Runs a machine; the stream is followed before each of its steps, as it is meanwhile. */
  async runHold(verb: HoldVerb, input: object, options: StepsOptions = {}): Promise<StepsRun> {
    const machine = { file: `statemachines/${verb}.asl.json`, numbers: {} };
    const onStep = async (token: string, call: number) => {
      await this.world.reconciler.settle();
      await options.onStep?.(token, call);
    };
    const run = await runSteps(this.world, machine, this.steps(), input, { ...options, onStep });
    await this.world.reconciler.settle();
    return run;
  }

  place = (more: object = {}, options: StepsOptions = {}) =>
    this.runHold('hold-account', { ...CASE, ...more }, options);

  release = (caseId = CASE.caseId, options: StepsOptions = {}) =>
    this.runHold(
      'release-hold',
      { user: USER, caseId },
      { execution: `release-${caseId}`, ...options },
    );

  copy = async (from: string, to: string, uids: readonly number[]) =>
    copyMessages(
      { ports: this.world.ports, context: await this.context(), deadline: this.until() },
      await this.box(from),
      uids,
      await this.box(to),
    );

  async accountRow(): Promise<Row> {
    const row = await this.world.rows.get(registryKeys.account((await this.account()).accountId));
    if (row === undefined) throw new Error('no account');
    return row;
  }

  messageRows = (): readonly Row[] =>
    this.world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'message');

  /** Subjects of expunged messages that can be read now, rows and bytes. */
  async readable(ports: Pick<Ports, 'objects'> = this.world.ports): Promise<string[]> {
    const now = this.world.clock.now();
    const found: string[] = [];
    for (const row of this.messageRows()) {
      const entry = toEntry(row, now);
      const followed = followedRow(row.key);
      if (entry?.expunged === undefined || followed === undefined) continue;
      const { objectKey, versionId } = objectOf(row, followed);
      const stored = await ports.objects.get(objectKey, versionId);
      if (stored !== undefined) found.push(entry.message.envelope.subject);
    }
    return found.toSorted();
  }

  /** Days pass: rows go by TTL, versions by lifecycle. */
  async pass(days: number): Promise<void> {
    this.world.clock.advance(days * DAY_MS);
    await this.world.reconciler.settle();
    const now = this.world.clock.now();
    this.world.rows.expireTtl(now);
    this.world.objects.applyLifecycle(LIFECYCLE, now);
    await this.world.reconciler.settle();
  }
}
