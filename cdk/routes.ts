/** Which function answers which request. */
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ApiRoute } from './constructs/http-api.ts';

/** Accounts and what is done to them as a whole. */
export const PROVISIONING_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/accounts', methods: [HttpMethod.POST] },
  { path: '/v1/accounts/{user}', methods: [HttpMethod.GET, HttpMethod.DELETE] },
  // Names that nothing below a mailbox has: in IAM a * matches slashes too.
  ...['undelete-user', 'disable-user', 'enable-user'].map((verb) => ({
    path: `/v1/admin/accounts/{user}/${verb}`,
    methods: [HttpMethod.POST],
  })),
  { path: '/v1/operations/{id}', methods: [HttpMethod.GET] },
  { path: '/v1/operations/{id}/resume', methods: [HttpMethod.POST] },
  { path: '/v1/operations/{id}/certificate', methods: [HttpMethod.GET] },
  { path: '/v1/certificate-key', methods: [HttpMethod.GET] },
];

/** What accounts are called, and who has which address. */
export const ADDRESS_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/accounts/{user}/rename', methods: [HttpMethod.POST] },
  { path: '/v1/accounts/{user}/aliases', methods: [HttpMethod.POST, HttpMethod.DELETE] },
  { path: '/v1/addresses/{address}', methods: [HttpMethod.GET] },
];

/** Ending the time for which nobody can have an address: for operators. */
export const RESERVATION_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/addresses/{address}/reservation', methods: [HttpMethod.DELETE] },
];

/** Ending deleted folders for good: for operators. */
export const PURGE_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/mailboxes/purge', methods: [HttpMethod.POST] },
  { path: '/v1/mailboxes/purge/{id}/folders', methods: [HttpMethod.GET] },
];

/**
 * Holds: for operators. A case is named in the body: in a path of its own, one called `messages`
 * would match what a mail backend may ask for below an account.
 */
export const HOLD_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/accounts/{user}/holds', methods: [HttpMethod.GET, HttpMethod.POST] },
  { path: '/v1/accounts/{user}/holds/release', methods: [HttpMethod.POST] },
];

/** Recording backups, and what is known of them: for operators and backup tools. */
export const BACKUP_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/backups', methods: [HttpMethod.GET, HttpMethod.POST] },
];

const anyMethod = (path: string): ApiRoute => ({ path, methods: [HttpMethod.ANY] });

/** What is in an account. The function itself answers methods that a path does not have. */
const IN_ACCOUNT = [
  'mailboxes',
  'mailboxes/{what}',
  'messages',
  'messages/{what}',
  'subscriptions',
  'uploads',
  'quota',
  'settings',
];

/** As owners and users with rights from them; here quota and settings can only be read. */
export const MAIL_ROUTES = IN_ACCOUNT.map((what) => anyMethod(`/v1/accounts/{user}/${what}`));

/** The same as an administrator, whom no ACL stops; a path apart, so that IAM can tell. */
export const ADMIN_ROUTES = [...IN_ACCOUNT, 'quota/recount'].map((what) =>
  anyMethod(`/v1/admin/accounts/{user}/${what}`),
);

/** What a provisioning system says about accounts and domains without seeing any mail. */
export const SETTINGS_ROUTES: readonly ApiRoute[] = [
  anyMethod('/v1/admin/accounts/{user}/settings'),
  anyMethod('/v1/admin/accounts/{user}/quota'),
  anyMethod('/v1/admin/domains/{domain}/settings'),
  anyMethod('/v1/admin/domains/{domain}/settings/apply'),
];

/** Those of them that are no part of an account. */
export const DOMAIN_ROUTES = SETTINGS_ROUTES.filter(({ path }) => path.includes('/domains/'));

/** For operators only. */
export const DOCTOR_ROUTES: readonly ApiRoute[] = [
  { path: '/v1/doctor', methods: [HttpMethod.POST] },
];

export const ALL_ROUTES: ApiRoute = { path: '/v1/{any}', methods: [HttpMethod.ANY] };
