/** purge-mailboxes: its steps, its machine, and the schedule that starts it. */
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { PURGE_WORKERS } from '../functions/contract/limits.ts';
import { AslStateMachine } from './constructs/asl-state-machine.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { PAGING_STEP_TIMEOUT_SECONDS, STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { addMachineStep } from './machine-step.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from './mail-functions.ts';
import { startOnSchedule } from './schedule.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface PurgeMailboxes {
  readonly machine: AslStateMachine;
  /** Says at the end of every purge what waits for a backup. */
  readonly finish: NodeFunction;
}

/** @param directory where the definitions of machines are */
export function addPurgeMailboxes(
  scope: Construct,
  props: ServiceStackProps,
  directory: string,
): PurgeMailboxes {
  const { settings } = props;
  const steps = addSteps(scope, props);
  const machine = new AslStateMachine(scope, 'PurgeMailboxes', {
    definitionFile: join(directory, 'purge-mailboxes.asl.json'),
    functions: steps,
    numbers: { PurgeMaxConcurrency: PURGE_WORKERS },
    settings,
  });
  startOnSchedule(scope, machine, {
    id: 'PurgeMailboxesRule',
    description: 'Starts purge-mailboxes for deleted folders that are old enough',
    expression: settings.purgeMailboxesSchedule,
  });
  return { machine, finish: steps.FinishPurge };
}

function addSteps(scope: Construct, props: ServiceStackProps) {
  const { registry, dictmap } = props.storage.tables;
  const ResolvePurge = addStep(scope, props, 'ResolvePurge', 'resolve-purge', STEP_TIMEOUT_SECONDS);
  // Opens the operation, and looks whether a deletion that is named is there.
  bindTables(ResolvePurge, props, ['get', 'put', 'update', 'check'], ['get']);
  ResolvePurge.bindIndex(dictmap, 'due');
  const PurgePart = addStep(scope, props, 'PurgePart', 'purge-part', PAGING_STEP_TIMEOUT_SECONDS);
  // Of rows only the names of deleted mailboxes go, and mailboxes that never held any mail; moves
  // that a crash has left are finished, which gives names up, and back.
  bindTables(PurgePart, props, ['get', 'put', 'update', 'check'], MAIL_ROWS);
  PurgePart.bindIndex(dictmap, 'due');
  PurgePart.bindIndex(registry, 'list');
  tellMailSettings(PurgePart, props);
  const FinishPurge = addStep(scope, props, 'FinishPurge', 'finish-purge', STEP_TIMEOUT_SECONDS);
  FinishPurge.bindTable(registry, ENV.registryTable, ['get', 'query', 'put', 'update']);
  const { backupGate, purgeKeysPerSecond } = props.settings;
  for (const step of [PurgePart, FinishPurge]) {
    step.setVariable(ENV.purgeKeysPerSecond, String(purgeKeysPerSecond));
    step.setVariable(ENV.backupGate, backupGate);
  }
  return { ResolvePurge, PurgePart, FinishPurge };
}

function addStep(
  scope: Construct,
  props: ServiceStackProps,
  id: string,
  name: string,
  timeoutSeconds: number,
): NodeFunction {
  return addMachineStep(scope, props, { verb: 'purge-mailboxes', id, name, timeoutSeconds });
}
