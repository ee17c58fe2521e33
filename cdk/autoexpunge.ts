/** autoexpunge: its steps, its machine, and the schedule that starts it. */
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { AslStateMachine } from './constructs/asl-state-machine.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { PAGING_STEP_TIMEOUT_SECONDS, STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { addMachineStep } from './machine-step.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from './mail-functions.ts';
import { startOnSchedule } from './schedule.ts';
import type { ServiceStackProps } from './service-props.ts';

/** @param directory where the definitions of machines are */
export function addAutoexpunge(
  scope: Construct,
  props: ServiceStackProps,
  directory: string,
): AslStateMachine {
  const { settings } = props;
  const machine = new AslStateMachine(scope, 'Autoexpunge', {
    definitionFile: join(directory, 'autoexpunge.asl.json'),
    functions: addSteps(scope, props),
    numbers: { SweepMaxConcurrency: settings.autoexpungeMaxConcurrency },
    settings,
  });
  startOnSchedule(scope, machine, {
    id: 'AutoexpungeRule',
    description: 'Starts autoexpunge for whatever is due',
    expression: settings.autoexpungeSchedule,
  });
  return machine;
}

function addSteps(scope: Construct, props: ServiceStackProps) {
  const { storage } = props;
  const { registry, dictmap } = storage.tables;
  const ResolveSweep = addStep(scope, props, 'ResolveSweep', 'resolve-sweep', STEP_TIMEOUT_SECONDS);
  bindTables(ResolveSweep, props, ['get'], []);
  ResolveSweep.bindIndex(dictmap, 'due');
  const paging = PAGING_STEP_TIMEOUT_SECONDS;
  const SweepDue = addStep(scope, props, 'SweepDue', 'sweep-due', paging);
  const SweepAccounts = addStep(scope, props, 'SweepAccounts', 'sweep-accounts', paging);
  for (const step of [SweepDue, SweepAccounts]) {
    // The account is checked in every transaction. Rows of mail are only changed; what is removed are
    // notes about them, and by SweepDue shells: the rows of mailboxes that are gone.
    bindTables(step, props, ['get', 'check'], MAIL_ROWS);
    step.bindIndex(dictmap, 'lazy');
    tellMailSettings(step, props);
  }
  SweepDue.bindIndex(dictmap, 'due');
  SweepAccounts.bindIndex(registry, 'list');
  const FinishSweep = addStep(scope, props, 'FinishSweep', 'finish-sweep', STEP_TIMEOUT_SECONDS);
  return { ResolveSweep, SweepDue, SweepAccounts, FinishSweep };
}

function addStep(
  scope: Construct,
  props: ServiceStackProps,
  id: string,
  name: string,
  timeoutSeconds: number,
): NodeFunction {
  return addMachineStep(scope, props, { verb: 'autoexpunge', id, name, timeoutSeconds });
}
