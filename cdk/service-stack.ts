/** What can be replaced at any time: functions, the state machines that call them, the doors. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { OUTPUTS } from '../functions/contract/outputs.ts';
import { addApiFunctions } from './api-functions.ts';
import { addAutoexpunge } from './autoexpunge.ts';
import { BackupAlarms } from './backup-alarms.ts';
import { addBackups } from './backups.ts';
import { addBulkMachines } from './bulk-functions.ts';
import { CallerPolicies } from './caller-policies.ts';
import { AslStateMachine } from './constructs/asl-state-machine.ts';
import { SignedHttpApi } from './constructs/http-api.ts';
import { addDeleteAccountFunctions } from './delete-account-functions.ts';
import { addDoctor } from './doctor-function.ts';
import { addMonitoring } from './monitoring.ts';
import { addPurgeMailboxes } from './purge-mailboxes.ts';
import { addReconcileObjects } from './reconcile-objects.ts';
import {
  ADMIN_ROUTES,
  BACKUP_ROUTES,
  DOCTOR_ROUTES,
  DOMAIN_ROUTES,
  MAIL_ROUTES,
  PROVISIONING_ROUTES,
  PURGE_ROUTES,
} from './routes.ts';
import type { ServiceStackProps } from './service-props.ts';

/** Where definitions of state machines are. */
export const STATE_MACHINES_DIRECTORY = fileURLToPath(
  new URL('../statemachines/', import.meta.url),
);

export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { settings } = props;
    const steps = addDeleteAccountFunctions(this, props);
    const deleteAccount = new AslStateMachine(this, 'DeleteAccount', {
      definitionFile: join(STATE_MACHINES_DIRECTORY, 'delete-account.asl.json'),
      functions: steps,
      numbers: { EraseRangesMaxConcurrency: settings.erasureMaxConcurrency },
      settings,
    });
    const autoexpunge = addAutoexpunge(this, props, STATE_MACHINES_DIRECTORY);
    const purge = addPurgeMailboxes(this, props, STATE_MACHINES_DIRECTORY);
    const bulk = addBulkMachines(this, props, STATE_MACHINES_DIRECTORY, steps.RecordFailure);
    const { provisioning, mail } = addApiFunctions(this, props);
    deleteAccount.bindStarter(provisioning, ENV.deleteAccountStateMachineArn);
    // Operations of every verb are shown and resumed there.
    bulk.expungeMessages.bindStarter(provisioning, ENV.expungeMessagesStateMachineArn);
    bulk.restoreMessages.bindStarter(provisioning, ENV.restoreMessagesStateMachineArn);
    purge.machine.bindStarter(provisioning, ENV.purgeMailboxesStateMachineArn);

    const doors = new SignedHttpApi(this, 'Doors', { settings });
    const gated = settings.backupGate !== 'off';
    const backupRoutes = gated ? BACKUP_ROUTES : [];
    const provisioned = [...PROVISIONING_ROUTES, ...PURGE_ROUTES, ...backupRoutes];
    doors.route('Provisioning', provisioning, provisioned);
    doors.route('Mail', mail, [...MAIL_ROUTES, ...ADMIN_ROUTES, ...DOMAIN_ROUTES]);
    doors.route('Doctor', addDoctor(this, props), DOCTOR_ROUTES);
    const pollBackups = addBackups(this, props, STATE_MACHINES_DIRECTORY);
    if (gated) {
      const alarms = new BackupAlarms(this, 'BackupAlarms', settings);
      if (pollBackups !== undefined) alarms.watchPolls(pollBackups);
      alarms.watchWaits(purge.finish);
    }
    const objects = addReconcileObjects(this, props);
    addMonitoring(this, props, {
      deleteAccount,
      autoexpunge,
      purgeMailboxes: purge.machine,
      ...bulk,
      objects,
      doors,
      verifyErasure: steps.VerifyErasure,
      certifyErasure: steps.CertifyErasure,
    });
    const { policies } = new CallerPolicies(this, 'Callers', doors, settings);

    this.addOutputs({
      [OUTPUTS.apiUrl]: doors.api.apiEndpoint,
      [OUTPUTS.deleteAccountStateMachineArn]: deleteAccount.machine.stateMachineArn,
      ExpungeMessagesStateMachineArn: bulk.expungeMessages.machine.stateMachineArn,
      RestoreMessagesStateMachineArn: bulk.restoreMessages.machine.stateMachineArn,
      PurgeMailboxesStateMachineArn: purge.machine.machine.stateMachineArn,
      AutoexpungeStateMachineArn: autoexpunge.machine.stateMachineArn,
      RetryQueueArn: objects.retryQueue.queueArn,
      DeadLetterQueueArn: objects.deadLetterQueue.queueArn,
      LostRecordsQueueArn: objects.lostRecordsQueue.queueArn,
      ...Object.fromEntries(
        Object.entries(policies).map(([name, { managedPolicyArn }]) => [
          `${name}PolicyArn`,
          managedPolicyArn,
        ]),
      ),
    });
  }

  private addOutputs(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}
