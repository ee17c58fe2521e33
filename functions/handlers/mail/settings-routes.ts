/** Quota and settings: owners see them, administrators and provisioning systems change them. */
import type { Hono } from 'hono';
import { z } from 'zod';
import type { QuotaAnswer, SettingsAnswer } from '../../contract/mail-api.ts';
import { requireActiveAccount } from '../../core/accounts/accounts.ts';
import { parseDomain } from '../../core/accounts/address.ts';
import { showQuota } from '../../core/quota/quota.ts';
import { recount } from '../../core/quota/recount.ts';
import {
  applyToDomain,
  patching,
  replacing,
  requestAccountSettings,
  requestDomainSettings,
  requestQuotaLimit,
  type SettingsPatch,
  settingsAnswer,
} from '../../core/requests/settings-requests.ts';
import {
  type ChangeSettings,
  readDomainSettings,
  readLevels,
} from '../../core/settings/settings-store.ts';
import { type DoorContext, type DoorEnv, deadlineOf, readBody } from '../../runtime/door.ts';
import {
  type DoorKind,
  type MailDependencies,
  type OpenRequest,
  requireNoOther,
  userOf,
} from './open-request.ts';

const QUOTA = z.strictObject({
  limitBytes: z.int('allowed is a whole number of bytes, or null for no limit').nullable(),
});

const NAMES = z.array(z.string(), 'allowed is a list of names');

const PATCH = z.strictObject({
  set: z.unknown().optional(),
  unset: NAMES.optional(),
  unsetMailboxes: NAMES.optional(),
});

/** @param base path of an account, for owners or for administrators */
export function addSettingsRoutes(
  door: Hono<DoorEnv>,
  base: string,
  kind: DoorKind,
  dependencies: () => MailDependencies,
  open: OpenRequest,
): void {
  door.get(`${base}/quota`, async (context) => {
    const request = await open(context);
    requireNoOther(request, 'quota and use');
    const { account, settings } = request.access;
    return context.json(await showQuota(request.ports, account, settings));
  });

  door.get(`${base}/settings`, async (context) => {
    const request = await open(context);
    requireNoOther(request, 'settings');
    const { ports, deployment } = dependencies();
    const levels = await readLevels(ports.rows, deployment, request.access.account);
    return context.json(settingsAnswer(levels));
  });
  if (kind === 'admin') addChanges(door, base, dependencies, open);
}

function addChanges(
  door: Hono<DoorEnv>,
  base: string,
  dependencies: () => MailDependencies,
  open: OpenRequest,
): void {
  const change = async (context: DoorContext, wanted: ChangeSettings): Promise<SettingsAnswer> => {
    const { ports, deployment } = dependencies();
    const account = await requireActiveAccount(ports.rows, userOf(context));
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    return (await requestAccountSettings(request, account, wanted)).answer;
  };
  door.put(`${base}/settings`, async (context) =>
    context.json(await change(context, replacing(await readBody(context, z.unknown())))),
  );
  door.patch(`${base}/settings`, async (context) => {
    const patch = (await readBody(context, PATCH)) as SettingsPatch;
    return context.json(await change(context, patching(patch)));
  });

  door.put(`${base}/quota`, async (context) => {
    const { limitBytes } = await readBody(context, QUOTA);
    const { ports, deployment } = dependencies();
    const account = await requireActiveAccount(ports.rows, userOf(context));
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    return context.json(await requestQuotaLimit(request, account, limitBytes));
  });

  door.post(`${base}/quota/recount`, async (context) => {
    const { ports, access, deadline } = await open(context);
    const cursor = context.req.query('cursor');
    const { drift, next } = await recount(ports, access.account, cursor, deadline);
    const quota = await showQuota(ports, access.account, access.settings);
    const answer: QuotaAnswer = { ...quota, drift, ...(next === undefined ? {} : { next }) };
    return context.json(answer);
  });
}

/** Settings of a domain, for administrators and provisioning systems. */
export function addDomainRoutes(door: Hono<DoorEnv>, dependencies: () => MailDependencies): void {
  const path = '/v1/admin/domains/:domain/settings';
  const domainIn = (context: DoorContext) => parseDomain('domain', context.req.param('domain'));
  const change = async (context: DoorContext, wanted: ChangeSettings): Promise<SettingsAnswer> => {
    const { ports, deployment } = dependencies();
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    return await requestDomainSettings(request, domainIn(context), wanted);
  };
  door.get(path, async (context) => {
    const { ports, deployment } = dependencies();
    const domain = await readDomainSettings(ports.rows, domainIn(context));
    return context.json(settingsAnswer({ deployment, domain, account: {} }));
  });
  door.put(path, async (context) =>
    context.json(await change(context, replacing(await readBody(context, z.unknown())))),
  );
  door.patch(path, async (context) => {
    const patch = (await readBody(context, PATCH)) as SettingsPatch;
    return context.json(await change(context, patching(patch)));
  });
  door.post(`${path}/apply`, async (context) => {
    const { ports, deployment } = dependencies();
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    const domain = domainIn(context);
    return context.json(await applyToDomain(request, domain, context.req.query('cursor')));
  });
}
