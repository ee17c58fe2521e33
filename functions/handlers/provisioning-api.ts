/** The door for provisioning systems and operators: accounts, operations, certificates. */
import { z } from 'zod';
import type { MailSettings } from '../contract/mail-settings.ts';
import { createAccount, type RetentionClasses } from '../core/accounts/create-account.ts';
import { showAccount, toAnswer } from '../core/accounts/show-account.ts';
import type { ErasureSettings } from '../core/erasure/erasure-ports.ts';
import { estimateDeletion, requestDeletion } from '../core/erasure/request-deletion.ts';
import { certificateKeyPem, readCertificate } from '../core/evidence/read-certificate.ts';
import { showOperation } from '../core/operations/operation-answer.ts';
import { resumeOperation } from '../core/operations/run-operation.ts';
import type { Ports } from '../core/ports/ports.ts';
import {
  callerOf,
  type DoorContext,
  deadlineOf,
  doorHandler,
  makeDoor,
  queryFlag,
  readBody,
} from '../runtime/door.ts';
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
  readonly classes: RetentionClasses;
  readonly erasure: ErasureSettings;
  /** Settings of the deployment. */
  readonly mailSettings: MailSettings;
}

const NEW_ACCOUNT = z.strictObject({
  user: z.string('allowed is an address'),
  aliases: z.array(z.string('allowed is an address'), 'allowed is a list of addresses').optional(),
  retentionClass: z.string('allowed is the name of a class').optional(),
});

/** How soon a caller should look at an operation again. */
const POLL_SECONDS = '1';

export function makeProvisioningApi(dependencies: () => ProvisioningDependencies) {
  const door = makeDoor();
  const accepted = async (context: DoorContext, operationId: string) => {
    const answer = await showOperation(dependencies().ports, operationId);
    const headers = { location: `/v1/operations/${operationId}`, 'retry-after': POLL_SECONDS };
    return context.json(answer, 202, headers);
  };

  door.post('/v1/accounts', async (context) => {
    const { ports, classes, mailSettings } = dependencies();
    const { user, aliases, retentionClass } = await readBody(context, NEW_ACCOUNT);
    const wanted = {
      user,
      ...(aliases === undefined ? {} : { aliases }),
      ...(retentionClass === undefined ? {} : { retentionClass }),
    };
    const account = await createAccount(ports, classes, wanted, mailSettings);
    const location = `/v1/accounts/${encodeURIComponent(account.user ?? '')}`;
    return context.json(await toAnswer(ports.rows, account), 201, { location });
  });

  door.get('/v1/accounts/:user', async (context) =>
    context.json(await showAccount(dependencies().ports.rows, context.req.param('user'))),
  );

  door.delete('/v1/accounts/:user', async (context) => {
    const { ports, erasure } = dependencies();
    const allowUnknownUser = queryFlag(context, 'allowUnknownUser');
    const request = { user: context.req.param('user'), allowUnknownUser };
    if (queryFlag(context, 'dryRun')) {
      return context.json(await estimateDeletion(ports.rows, erasure, request));
    }
    const requestedBy = callerOf(context);
    const deadline = deadlineOf(context, ports.clock);
    const { operationId } = await requestDeletion(ports, { ...request, requestedBy }, deadline);
    return await accepted(context, operationId);
  });

  door.get('/v1/operations/:id', async (context) =>
    context.json(await showOperation(dependencies().ports, context.req.param('id'))),
  );

  door.post('/v1/operations/:id/resume', async (context) => {
    const { ports } = dependencies();
    const id = context.req.param('id');
    const { operationId } = await resumeOperation(ports, id, deadlineOf(context, ports.clock));
    return await accepted(context, operationId);
  });

  door.get('/v1/operations/:id/certificate', async (context) =>
    context.json(await readCertificate(dependencies().ports, context.req.param('id'))),
  );

  door.get('/v1/certificate-key', async (context) =>
    context.json({ publicKeyPem: await certificateKeyPem(dependencies().ports) }),
  );
  addPurgeRoutes(door, () => dependencies().ports, accepted);
  addBackupRoutes(door, () => dependencies().ports);
  return door;
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
