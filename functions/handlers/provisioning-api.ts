/** The door for provisioning systems and operators: accounts, operations, certificates. */
import { z } from 'zod';
import type { MailSettings } from '../contract/mail-settings.ts';
import { type ClassChoice, createAccount } from '../core/accounts/create-account.ts';
import { showAccount, toAccountAnswer } from '../core/accounts/show-account.ts';
import type { ErasureSettings } from '../core/erasure/erasure-ports.ts';
import { estimateDeletion, requestDeletion } from '../core/erasure/request-deletion.ts';
import { InvalidInputError } from '../core/errors.ts';
import { certificateKeyPem, readCertificate } from '../core/evidence/read-certificate.ts';
import { showOperation } from '../core/operations/operation-answer.ts';
import { resumeOperation } from '../core/operations/run-operation.ts';
import type { Ports } from '../core/ports/ports.ts';
import { callerOf, Door, type DoorContext, deadlineOf, doorHandler } from '../runtime/door.ts';
import { DRY_RUN, FLAG, TEXT } from '../runtime/request-parts.ts';
import {
  once,
  wireClock,
  wireErasureSettings,
  wireEvidence,
  wireIds,
  wireMailSettings,
  wireRetentionClasses,
  wireRows,
  wireSigner,
  wireWorkflows,
} from '../runtime/wiring.ts';
import { addBackupRoutes } from './provisioning/backup-routes.ts';
import { addPurgeRoutes } from './provisioning/purge-routes.ts';

export interface ProvisioningDependencies {
  readonly ports: Omit<Ports, 'objects' | 'mailServers'>;
  readonly classes: ClassChoice;
  readonly erasure: ErasureSettings;
  /** Settings of the deployment. */
  readonly mailSettings: MailSettings;
}

const NEW_ACCOUNT = z.strictObject({
  user: z.string('allowed is an address'),
  aliases: z.array(z.string('allowed is an address'), 'allowed is a list of addresses').optional(),
  retentionClass: z.string('allowed is the name of a class').optional(),
});

const ACCOUNT = '/v1/accounts/:user';
const DELETION = {
  query: { ...DRY_RUN, allowUnknownUser: FLAG, accountId: TEXT },
  headers: ['idempotency-key'],
} as const;

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
  addPurgeRoutes(door, () => dependencies().ports, accepted);
  addBackupRoutes(door, () => dependencies().ports);
  return door;
}

type Accepted = (context: DoorContext, operationId: string) => Promise<Response>;

function addAccountRoutes(
  door: Door,
  dependencies: () => ProvisioningDependencies,
  accepted: Accepted,
): void {
  door.route('POST', '/v1/accounts', { body: NEW_ACCOUNT }, async ({ context, body }) => {
    const { ports, classes, mailSettings } = dependencies();
    const { user, aliases, retentionClass } = body;
    const wanted = {
      user,
      ...(aliases === undefined ? {} : { aliases }),
      ...(retentionClass === undefined ? {} : { retentionClass }),
    };
    const account = await createAccount(ports, classes, wanted, mailSettings);
    const location = `/v1/accounts/${encodeURIComponent(account.user ?? '')}`;
    return context.json(await toAccountAnswer(ports.rows, account), 201, { location });
  });

  door.route('GET', ACCOUNT, {}, async ({ context }) =>
    context.json(await showAccount(dependencies().ports.rows, userIn(context))),
  );

  door.route('DELETE', ACCOUNT, DELETION, async ({ context, query, headers }) => {
    const { allowUnknownUser, dryRun, accountId } = query;
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
    if (dryRun) return context.json(await estimateDeletion(ports.rows, erasure, meant));
    const request = {
      ...meant,
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
  const path = '/v1/operations/:id';
  const idIn = (context: DoorContext) => context.req.param('id') ?? '';

  door.route('GET', path, {}, async ({ context }) =>
    context.json(await showOperation(dependencies().ports, idIn(context))),
  );
  door.route('POST', `${path}/resume`, {}, async ({ context }) => {
    const { ports } = dependencies();
    const { operationId } = await resumeOperation(
      ports,
      idIn(context),
      deadlineOf(context, ports.clock),
    );
    return await accepted(context, operationId);
  });
  door.route('GET', `${path}/certificate`, {}, async ({ context }) =>
    context.json(await readCertificate(dependencies().ports, idIn(context))),
  );
  door.route('GET', '/v1/certificate-key', {}, async ({ context }) =>
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
    erasure: wireErasureSettings(),
    mailSettings: wireMailSettings(),
  }),
);

export const handler = doorHandler(makeProvisioningApi(wired));
