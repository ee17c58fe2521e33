/** Policies that an operator attaches to whoever calls the doors; nobody has them by default. */
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ApiRoute, SignedHttpApi } from './constructs/http-api.ts';
import { acknowledgeWildcards } from './constructs/wildcard-acknowledgement.ts';
import {
  ADDRESS_ROUTES,
  ALL_ROUTES,
  BACKUP_ROUTES,
  MAIL_ROUTES,
  PROVISIONING_ROUTES,
  SETTINGS_ROUTES,
} from './routes.ts';
import type { Settings } from './settings.ts';

/**
 * - ProvisioningCaller creates, shows, renames and deletes accounts, changes their aliases, sets their quota and settings and those
 *   of domains, and is denied their mail. The denial is explicit, because `GET /v1/accounts/*` also matches what lies below: so one caller cannot have
 *   this and the next policy together.
 * - MailBackendCaller delivers, reads and changes mail as its owners.
 * - BackupCaller records backups, where folders wait for them: what it says lets mail be purged.
 * - OperatorCaller does all, and acts as an administrator.
 *
 * The ARN of each is an output, `ProvisioningCallerPolicyArn` and so on.
 */
export class CallerPolicies extends Construct {
  readonly policies: Readonly<Record<string, ManagedPolicy>>;
  private readonly door: SignedHttpApi;

  constructor(scope: Construct, id: string, door: SignedHttpApi, { backupGate }: Settings) {
    super(scope, id);
    this.door = door;
    this.policies = {
      ProvisioningCaller: this.policy(
        'ProvisioningCaller',
        [...PROVISIONING_ROUTES, ...ADDRESS_ROUTES, ...SETTINGS_ROUTES],
        MAIL_ROUTES,
      ),
      MailBackendCaller: this.policy('MailBackendCaller', MAIL_ROUTES, []),
      ...(backupGate === 'off'
        ? {}
        : { BackupCaller: this.policy('BackupCaller', BACKUP_ROUTES, []) }),
      OperatorCaller: this.policy('OperatorCaller', [ALL_ROUTES], []),
    };
  }

  private policy(
    id: string,
    allowed: readonly ApiRoute[],
    denied: readonly ApiRoute[],
  ): ManagedPolicy {
    const arns = (routes: readonly ApiRoute[]) =>
      routes.flatMap((route) => this.door.invokeArns(route));
    const actions = ['execute-api:Invoke'];
    const policy = new ManagedPolicy(this, id, {
      description: `Lets a caller use the doors of Lethe as ${id} (see the documentation)`,
      statements: [
        new PolicyStatement({ actions, resources: arns(allowed) }),
        ...(denied.length === 0
          ? []
          : [new PolicyStatement({ effect: Effect.DENY, actions, resources: arns(denied) })]),
      ],
    });
    acknowledgeWildcards(
      policy,
      arns(allowed).filter((arn) => arn.includes('*')),
      'Paths hold the users and operations of requests to come; the routes are named.',
    );
    return policy;
  }
}
