import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { REQUEST_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { bindMailServers, mailServerFiles } from './mail-servers.ts';
import type { ServiceStackProps } from './service-props.ts';

/** Looks at the mail servers from where the steps of a deletion do; changes nothing. */
export function addDoctor(scope: Construct, props: ServiceStackProps): NodeFunction {
  const { settings, storage, code } = props;
  const result = new NodeFunction(scope, 'Doctor', {
    code: code('doctor', mailServerFiles(settings)),
    description: 'Doors: checks of what Lethe needs from its surroundings',
    timeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    settings,
  });
  result.bindTable(storage.tables.registry, ENV.registryTable, ['get']);
  bindMailServers(result, settings);
  return result;
}
