/** What the steps of hold-account and release-hold may do. */
import { ENV } from '../../functions/contract/env.ts';
import type { HoldVerb, StepOf } from '../../functions/contract/machines.ts';
import { bindTables, retentionDaysText } from '../mail-functions.ts';
import type { Grant } from './grant.ts';

/** Checks the holds of the account, and counts on the operation, in each transaction. */
const bindClocks: Grant = (step, props) => {
  bindTables(
    step,
    props,
    ['get', 'query', 'update', 'check', 'put'],
    ['get', 'query', 'put', 'update'],
  );
};

export const HOLD_GRANTS: Readonly<Record<Exclude<StepOf<HoldVerb>, 'RecordFailure'>, Grant>> = {
  /** Places and releases holds; opens operations, or joins the one an execution was started for. */
  ResolveHold: (step, { storage }) => {
    const { registry } = storage.tables;
    step.bindTable(registry, ENV.registryTable, ['get', 'put', 'update', 'check']);
  },
  ProtectMail: (step, props) => {
    bindClocks(step, props);
    step.setVariable(ENV.settleSeconds, String(props.settings.settleSeconds));
  },
  /** Looks which version of a key shows; removes no marker itself. */
  VerifyHold: (step, props) => {
    bindClocks(step, props);
    step.setVariable(ENV.settleSeconds, String(props.settings.settleSeconds));
    step.bindBucket(props.storage.mailBucket, ENV.mailBucket, {
      bucket: ['listVersions'],
      objects: [],
      prefixes: [],
    });
  },
  RestartClocks: (step, props) => {
    bindClocks(step, props);
    step.setVariable(ENV.retentionClasses, retentionDaysText(props.classesEver));
  },
};
