import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { REQUEST_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { bindMailServers, mailServerFiles } from './mail-servers.ts';
import type { ServiceStackProps } from './service-props.ts';

/**
 * Changes addresses of accounts, and ends the sessions of a name that is given up: so it stands
 * where the mail servers can be reached. It reaches no mail, nor any row of it.
 */
export function addAddressFunction(scope: Construct, props: ServiceStackProps): NodeFunction {
  const { settings, storage, code } = props;
  const result = new NodeFunction(scope, 'AddressApi', {
    code: code('address-api', mailServerFiles(settings)),
    description: 'Doors: renames, aliases and reservations of addresses',
    timeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    settings,
  });
  const actions = ['get', 'query', 'put', 'update', 'remove', 'check'] as const;
  result.bindTable(storage.tables.registry, ENV.registryTable, actions);
  result.setVariable(ENV.reservationDays, String(settings.reservationDays));
  bindMailServers(result, settings);
  return result;
}
