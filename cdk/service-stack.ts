/** What can be replaced at any time: functions, the state machines that call them, the doors. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import {
  machineArnOutput,
  machineArnVariable,
  OPERATION_VERBS,
  STARTED_VERBS,
} from '../functions/contract/machines.ts';
import { OUTPUTS } from '../functions/contract/outputs.ts';
import { addAddressFunction } from './address-function.ts';
import { addApiFunctions } from './api-functions.ts';
import { BackupAlarms } from './backup-alarms.ts';
import { addBackups } from './backups.ts';
import { CallerPolicies } from './caller-policies.ts';
import { SignedHttpApi } from './constructs/http-api.ts';
import { addDoctor } from './doctor-function.ts';
import { addMachines } from './machines.ts';
import { addMonitoring } from './monitoring.ts';
import { addReconcileObjects } from './reconcile-objects.ts';
import {
  ADDRESS_ROUTES,
  ADMIN_ROUTES,
  BACKUP_ROUTES,
  DOCTOR_ROUTES,
  DOMAIN_ROUTES,
  HOLD_ROUTES,
  MAIL_ROUTES,
  PROVISIONING_ROUTES,
  PURGE_ROUTES,
  RESERVATION_ROUTES,
} from './routes.ts';
import { addRunDue } from './run-due.ts';
import type { ServiceStackProps } from './service-props.ts';

export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { settings } = props;
    const { machines, steps } = addMachines(this, props);
    const { provisioning, mail } = addApiFunctions(this, props);
    // Operations of every verb are shown and resumed there.
    for (const verb of OPERATION_VERBS) {
      machines[verb].bindStarter(provisioning, machineArnVariable(verb));
    }

    const doors = new SignedHttpApi(this, 'Doors', { settings });
    const gated = settings.backupGate !== 'off';
    const backupRoutes = gated ? BACKUP_ROUTES : [];
    const provisioned = [...PROVISIONING_ROUTES, ...HOLD_ROUTES, ...PURGE_ROUTES, ...backupRoutes];
    doors.route('Provisioning', provisioning, provisioned);
    doors.route('Mail', mail, [...MAIL_ROUTES, ...ADMIN_ROUTES, ...DOMAIN_ROUTES]);
    const addresses = addAddressFunction(this, props);
    doors.route('Addresses', addresses, [...ADDRESS_ROUTES, ...RESERVATION_ROUTES]);
    doors.route('Doctor', addDoctor(this, props), DOCTOR_ROUTES);
    const pollBackups = addBackups(this, props);
    if (gated) {
      const alarms = new BackupAlarms(this, 'BackupAlarms', settings);
      if (pollBackups !== undefined) alarms.watchPolls(pollBackups);
      alarms.watchWaits(steps.FinishPurge);
    }
    addRunDue(this, props, machines);
    const objects = addReconcileObjects(this, props);
    addMonitoring(this, props, {
      machines,
      objects,
      doors,
      verifyErasure: steps.VerifyErasure,
      certifyErasure: steps.CertifyErasure,
    });
    const { policies } = new CallerPolicies(this, 'Callers', doors, settings);

    this.addOutputs({
      [OUTPUTS.apiUrl]: doors.api.apiEndpoint,
      ...Object.fromEntries(
        STARTED_VERBS.map((verb) => [
          machineArnOutput(verb),
          machines[verb].machine.stateMachineArn,
        ]),
      ),
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
