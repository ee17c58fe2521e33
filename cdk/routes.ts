/** Which function answers which request. */
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Route } from './constructs/http-api.ts';

/** Accounts and what is done to them as a whole. */
export const PROVISIONING_ROUTES: readonly Route[] = [
  { path: '/v1/accounts', methods: [HttpMethod.POST] },
  { path: '/v1/accounts/{user}', methods: [HttpMethod.GET, HttpMethod.DELETE] },
  { path: '/v1/operations/{id}', methods: [HttpMethod.GET] },
  { path: '/v1/operations/{id}/resume', methods: [HttpMethod.POST] },
  { path: '/v1/operations/{id}/certificate', methods: [HttpMethod.GET] },
  { path: '/v1/certificate-key', methods: [HttpMethod.GET] },
];

/** What is in an account. The function itself answers methods that a path does not have. */
export const MAIL_ROUTES: readonly Route[] = [
  { path: '/v1/accounts/{user}/mailboxes', methods: [HttpMethod.ANY] },
  { path: '/v1/accounts/{user}/messages', methods: [HttpMethod.ANY] },
  { path: '/v1/accounts/{user}/messages/{uid}', methods: [HttpMethod.ANY] },
  { path: '/v1/accounts/{user}/subscriptions', methods: [HttpMethod.ANY] },
  { path: '/v1/accounts/{user}/uploads', methods: [HttpMethod.ANY] },
];

/** For operators only. */
export const DOCTOR_ROUTES: readonly Route[] = [{ path: '/v1/doctor', methods: [HttpMethod.POST] }];

/** Everything below an account; `GET /v1/accounts/*` of the provisioning routes names it too. */
export const BELOW_ACCOUNTS: Route = {
  path: '/v1/accounts/{user}/{below}',
  methods: [HttpMethod.ANY],
};

export const ALL_ROUTES: Route = { path: '/v1/{any}', methods: [HttpMethod.ANY] };
