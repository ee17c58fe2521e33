/** expunge-messages and restore-messages: their steps and machines. */
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { AslStateMachine } from './constructs/asl-state-machine.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { PAGING_STEP_TIMEOUT_SECONDS, STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { bindTables, MAIL_ROWS, tellMailSettings } from './mail-functions.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface BulkMachines {
  readonly expungeMessages: AslStateMachine;
  readonly restoreMessages: AslStateMachine;
}

/**
 * @param directory where the definitions of machines are
 * @param recordFailure the step that all machines share
 */
export function addBulkMachines(
  scope: Construct,
  props: ServiceStackProps,
  directory: string,
  recordFailure: NodeFunction,
): BulkMachines {
  const { settings } = props;
  const resolve = addResolve(scope, props);
  const shared = { ResolveBulk: resolve, RecordFailure: recordFailure };
  const expunge = addWorker(scope, props, 'ExpungeByQuery', 'expunge-messages');
  const restore = addWorker(scope, props, 'RestoreByQuery', 'restore-messages');
  allowCopies(restore, props);
  const machine = (id: string, verb: string, worker: Readonly<Record<string, NodeFunction>>) =>
    new AslStateMachine(scope, id, {
      definitionFile: join(directory, `${verb}.asl.json`),
      functions: { ...shared, ...worker },
      settings,
    });
  return {
    expungeMessages: machine('ExpungeMessages', 'expunge-messages', { ExpungeMessages: expunge }),
    restoreMessages: machine('RestoreMessages', 'restore-messages', { RestoreMessages: restore }),
  };
}

/** Opens operations, or joins the one that an execution was started for. */
function addResolve(scope: Construct, { code, settings, storage }: ServiceStackProps) {
  const result = new NodeFunction(scope, 'ResolveBulk', {
    code: code('resolve-bulk'),
    description: 'Step of expunge-messages and restore-messages: resolve-bulk',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    settings,
  });
  const { registry } = storage.tables;
  result.bindTable(registry, ENV.registryTable, ['get', 'put', 'update', 'check']);
  return result;
}

/** Checks the account and counts on the operation in each transaction that changes mail. */
function addWorker(scope: Construct, props: ServiceStackProps, id: string, name: string) {
  const { code, settings, storage } = props;
  const result = new NodeFunction(scope, id, {
    code: code(name),
    description: `Step of ${name}: finds, counts and changes messages`,
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    settings,
  });
  const registry = ['get', 'query', 'put', 'update', 'check'] as const;
  bindTables(result, props, registry, MAIL_ROWS);
  result.bindIndex(storage.tables.dictmap, 'lazy');
  tellMailSettings(result, props);
  return result;
}

/** What comes back gets bytes of its own: S3 copies them, no function reads them. */
function allowCopies(restore: NodeFunction, { storage, classesEver }: ServiceStackProps): void {
  restore.bindBucket(storage.mailBucket, ENV.mailBucket, {
    bucket: ['tellAbsent'],
    objects: ['get', 'getVersion', 'put'],
    prefixes: Object.keys(classesEver).map((name) => `${name}/`),
  });
}
