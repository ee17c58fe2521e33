/** The door for provisioning systems and operators: accounts, operations, certificates. */

import type { MailSettings } from '../contract/mail-settings.ts';
import {
  CREATE_ACCOUNT,
  DELETE_ACCOUNT,
  RESUME_OPERATION,
  SHOW_ACCOUNT,
  SHOW_CERTIFICATE,
  SHOW_CERTIFICATE_KEY,
  SHOW_OPERATION,
} from '../contract/requests/accounts.ts';
import { type ClassChoice, createAccount } from '../core/accounts/create-account.ts';
import { showAccount, toAccountAnswer } from '../core/accounts/show-account.ts';
import type { EstimateSettings } from '../core/erasure/estimate-erasure.ts';
import { estimateDeletion, requestDeletion } from '../core/erasure/request-deletion.ts';
import { InvalidInputError } from '../core/errors.ts';
import { certificateKeyPem, readCertificate } from '../core/evidence/read-certificate.ts';
import { showOperation } from '../core/operations/operation-answer.ts';
import { resumeOperation } from '../core/operations/run-operation.ts';
import type { Ports } from '../core/ports/ports.ts';
import { callerOf, Door, type DoorContext, deadlineOf, doorHandler } from '../runtime/door.ts';
import {
  once,
  wireClock,
  wireEstimateSettings,
  wireEvidence,
  wireIds,
  wireMailSettings,
  wireRetentionClasses,
  wireRows,
  wireSigner,
  wireWorkflows,
} from '../runtime/wiring.ts';
import { addAccessRoutes } from './provisioning/access-routes.ts';
import { addBackupRoutes } from './provisioning/backup-routes.ts';
import { addHoldRoutes } from './provisioning/hold-routes.ts';
import { addPurgeRoutes } from './provisioning/purge-routes.ts';

export interface ProvisioningDependencies {
  readonly ports: Omit<Ports, 'objects' | 'mailServers'>;
  readonly classes: ClassChoice;
  readonly erasure: EstimateSettings;
  /** Settings of the deployment. */
  readonly mailSettings: MailSettings;
}

const userIn = (context: DoorContext): string => context.req.param('user') ?? '';

/** How soon a caller should look at an operation again. */
const POLL_SECONDS = '1';

export function makeProvisioningApi(dependencies: () => ProvisioningDependencies) {
  const door = new Door();
  const accepted = async (context: DoorContext, operationId: string) => {
    const answer = await showOperation(dependencies().ports, operationId);
    const headers = { location: `/v1/operations/${operationId}`, 'retry-after': POLL_SECONDS };
    return context.json(answer, 202, headers);
  };
  addAccountRoutes(door, dependencies, accepted);
  addOperationRoutes(door, dependencies, accepted);
  addHoldRoutes(door, () => dependencies().ports, accepted);
  addPurgeRoutes(door, () => dependencies().ports, accepted);
  addAccessRoutes(door, () => dependencies().ports);
  addBackupRoutes(door, () => dependencies().ports);
  return door;
}

type Accepted = (context: DoorContext, operationId: string) => Promise<Response>;

function addAccountRoutes(
  door: Door,
  dependencies: () => ProvisioningDependencies,
  accepted: Accepted,
): void {
  door.route(CREATE_ACCOUNT, async ({ context, body }) => {
    const { ports, classes, mailSettings } = dependencies();
    const account = await createAccount(ports, classes, body, mailSettings);
    const location = `/v1/accounts/${encodeURIComponent(account.user ?? '')}`;
    return context.json(await toAccountAnswer(ports.rows, account), 201, { location });
  });

  door.route(SHOW_ACCOUNT, async ({ context }) =>
    context.json(await showAccount(dependencies().ports.rows, userIn(context))),
  );

  door.route(DELETE_ACCOUNT, async ({ context, query, headers }) => {
    const { allowUnknownUser, dryRun, accountId, deleteAfter } = query;
    const key = headers['idempotency-key'];
    if (dryRun && key !== undefined) {
      throw InvalidInputError.of('idempotency-key', 'a dry run begins nothing: leave it out');
    }
    const { ports, erasure } = dependencies();
    const meant = {
      user: userIn(context),
      allowUnknownUser,
      ...(accountId === undefined ? {} : { accountId }),
    };
    const later = deleteAfter === undefined ? {} : { deleteAfter };
    if (dryRun) return context.json(await estimateDeletion(ports, erasure, meant));
    const request = {
      ...meant,
      ...later,
      requestedBy: callerOf(context),
      ...(key === undefined ? {} : { idempotencyKey: key }),
    };
    const deadline = deadlineOf(context, ports.clock);
    const { operationId } = await requestDeletion(ports, request, deadline);
    return await accepted(context, operationId);
  });
}

function addOperationRoutes(
  door: Door,
  dependencies: () => ProvisioningDependencies,
  accepted: Accepted,
): void {
  const idIn = (context: DoorContext) => context.req.param('id') ?? '';

  door.route(SHOW_OPERATION, async ({ context }) =>
    context.json(await showOperation(dependencies().ports, idIn(context))),
  );
  door.route(RESUME_OPERATION, async ({ context }) => {
    const { ports } = dependencies();
    const { operationId } = await resumeOperation(
      ports,
      idIn(context),
      deadlineOf(context, ports.clock),
    );
    return await accepted(context, operationId);
  });
  door.route(SHOW_CERTIFICATE, async ({ context }) =>
    context.json(await readCertificate(dependencies().ports, idIn(context))),
  );
  door.route(SHOW_CERTIFICATE_KEY, async ({ context }) =>
    context.json({ publicKeyPem: await certificateKeyPem(dependencies().ports) }),
  );
}

const wired = once(
  (): ProvisioningDependencies => ({
    ports: {
      rows: wireRows(),
      evidence: wireEvidence(),
      signer: wireSigner(),
      workflows: wireWorkflows(),
      clock: wireClock(),
      ids: wireIds(),
    },
    classes: wireRetentionClasses(),
    erasure: wireEstimateSettings(),
    mailSettings: wireMailSettings(),
  }),
);

export const handler = doorHandler(makeProvisioningApi(wired));
