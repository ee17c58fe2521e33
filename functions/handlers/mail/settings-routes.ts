/** Quota and settings: owners see them, administrators and provisioning systems change them. */

import type { QuotaAnswer } from '../../contract/mail-api.ts';
import {
  APPLY_DOMAIN_SETTINGS,
  CHANGE_DOMAIN_SETTINGS,
  CHANGE_SETTINGS,
  RECOUNT_QUOTA,
  REPLACE_DOMAIN_SETTINGS,
  REPLACE_SETTINGS,
  SET_QUOTA,
  SHOW_DOMAIN_SETTINGS,
  SHOW_QUOTA,
  SHOW_SETTINGS,
} from '../../contract/requests/settings.ts';
import type { DomainSettingsAnswer, SettingsAnswer } from '../../contract/settings-api.ts';
import { requireActiveAccount } from '../../core/accounts/accounts.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { parseDomain } from '../../core/names/address.ts';
import { showQuota } from '../../core/quota/quota.ts';
import { recount } from '../../core/quota/recount.ts';
import { settingsEffects } from '../../core/requests/settings-effect.ts';
import {
  applyToDomain,
  foreseeDomainSettings,
  patching,
  replacing,
  requestAccountSettings,
  requestDomainSettings,
  requestQuotaLimit,
  requireNoMailAtStorage,
  type SettingsPatch,
  settingsAnswer,
} from '../../core/requests/settings-requests.ts';
import { parseMailSettings } from '../../core/settings/parse-settings.ts';
import {
  type ChangeSettings,
  readDomainSettings,
  readLevels,
} from '../../core/settings/settings-store.ts';
import { type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';
import { type AccountRoutes, type MailDependencies, requireNoOther } from './open-request.ts';

const checkPatch = (patch: unknown) => patching(patch as SettingsPatch);

export function addSettingsRoutes(routes: AccountRoutes): void {
  routes.route(SHOW_QUOTA, async ({ context, open }) => {
    const request = await open();
    requireNoOther(request, 'quota and use');
    const { account, settings } = request.access;
    return context.json(await showQuota(request.ports, account, settings));
  });

  routes.route(SHOW_SETTINGS, async ({ context, open }) => {
    const request = await open();
    requireNoOther(request, 'settings');
    const { ports, deployment } = routes.dependencies();
    const levels = await readLevels(ports.rows, deployment, request.access.account);
    return context.json(settingsAnswer(levels));
  });
  if (routes.kind === 'admin') addChanges(routes);
}

function addChanges(routes: AccountRoutes): void {
  const begin = async (context: DoorContext, user: string) => {
    const { ports, deployment } = routes.dependencies();
    const account = await requireActiveAccount(ports.rows, user);
    return { account, request: { ports, deployment, deadline: deadlineOf(context, ports.clock) } };
  };
  const change = async (
    context: DoorContext,
    user: string,
    wanted: ChangeSettings,
  ): Promise<SettingsAnswer> => {
    const { account, request } = await begin(context, user);
    return (await requestAccountSettings(request, account, wanted)).answer;
  };
  const foresee = async (
    context: DoorContext,
    user: string,
    wanted: ChangeSettings,
  ): Promise<SettingsAnswer> => {
    const { account, request } = await begin(context, user);
    const { ports, retentionDays } = routes.dependencies();
    await requireNoMailAtStorage(ports, request.deployment, account, wanted);
    const effects = await settingsEffects({ ...request, ports, retentionDays }, account, wanted);
    const levels = await readLevels(ports.rows, request.deployment, account);
    const own = parseMailSettings(wanted(levels.account));
    return { ...settingsAnswer({ ...levels, account: own }), dryRun: true, effects };
  };
  routes.route(
    REPLACE_SETTINGS,
    async ({ context, user, body }) => context.json(await change(context, user, replacing(body))),
    replacing,
  );
  routes.route(
    CHANGE_SETTINGS,
    async ({ context, user, query, body }) => {
      const wanted = patching(body as SettingsPatch);
      const asked = query.dryRun ? foresee : change;
      return context.json(await asked(context, user, wanted));
    },
    checkPatch,
  );

  routes.route(SET_QUOTA, async ({ context, user, body }) => {
    const { account, request } = await begin(context, user);
    return context.json(await requestQuotaLimit(request, account, body.limitBytes));
  });

  routes.route(RECOUNT_QUOTA, async ({ context, query, open }) => {
    const { ports, access, deadline } = await open();
    const { drift, next } = await recount(ports, access.account, query.cursor, deadline);
    const quota = await showQuota(ports, access.account, access.settings);
    const answer: QuotaAnswer = { ...quota, drift, ...(next === undefined ? {} : { next }) };
    return context.json(answer);
  });
}

/** Settings of a domain, for administrators and provisioning systems. */
export function addDomainRoutes(door: Door, dependencies: () => MailDependencies): void {
  const domainIn = (context: DoorContext) => parseDomain('domain', context.req.param('domain'));
  const change = async (context: DoorContext, wanted: ChangeSettings): Promise<SettingsAnswer> => {
    const domain = domainIn(context);
    const { ports, deployment } = dependencies();
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    return await requestDomainSettings(request, domain, wanted);
  };
  const foresee = async (
    context: DoorContext,
    wanted: ChangeSettings,
    cursor: string | undefined,
  ): Promise<DomainSettingsAnswer> => {
    const { ports, deployment, retentionDays } = dependencies();
    const foreseeing = {
      ports,
      deployment,
      retentionDays,
      deadline: deadlineOf(context, ports.clock),
    };
    return await foreseeDomainSettings(foreseeing, domainIn(context), wanted, cursor);
  };
  door.route(SHOW_DOMAIN_SETTINGS, async ({ context }) => {
    const { ports, deployment } = dependencies();
    const domain = await readDomainSettings(ports.rows, domainIn(context));
    return context.json(settingsAnswer({ deployment, domain, account: {} }));
  });
  door.route(
    REPLACE_DOMAIN_SETTINGS,
    async ({ context, body }) => context.json(await change(context, replacing(body))),
    replacing,
  );
  door.route(
    CHANGE_DOMAIN_SETTINGS,
    async ({ context, query, body }) => {
      const wanted = patching(body as SettingsPatch);
      const { cursor } = query;
      if (query.dryRun) return context.json(await foresee(context, wanted, cursor));
      if (cursor === undefined) return context.json(await change(context, wanted));
      throw InvalidInputError.of('cursor', 'allowed with dryRun');
    },
    checkPatch,
  );
  door.route(APPLY_DOMAIN_SETTINGS, async ({ context, query }) => {
    const { ports, deployment } = dependencies();
    const request = { ports, deployment, deadline: deadlineOf(context, ports.clock) };
    return context.json(await applyToDomain(request, domainIn(context), query.cursor));
  });
}
