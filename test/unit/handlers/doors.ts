/** The HTTP doors over one in-memory Lethe. */
import { expect } from 'vitest';
import type { Problem, ProblemType } from '../../../functions/contract/api.ts';
import type { BackupGate } from '../../../functions/contract/backups.ts';
import type { MailSettings } from '../../../functions/contract/mail-settings.ts';
import { makeAddressApi } from '../../../functions/handlers/address-api.ts';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { makeProvisioningApi } from '../../../functions/handlers/provisioning-api.ts';
import { CLASSES, ERASURE, World } from '../../simulation/world.ts';

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
  /** The time that Lambda says is left, in milliseconds; as long as API Gateway waits when missing. */
  readonly leftMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

const RETENTION_DAYS = { r7: 7, r14: 14, r30: 30, keep: null };

export class Doors {
  readonly world = new World();
  /** Settings of the deployment. */
  settings: MailSettings = {};
  backupGate: BackupGate = 'off';
  readonly provisioning = makeProvisioningApi(() => ({
    ports: this.world.ports,
    classes: CLASSES,
    erasure: ERASURE,
    mailSettings: this.settings,
  }));
  reservationDays = 180;
  readonly addresses = makeAddressApi(() => ({
    ports: this.world.ports,
    reservation: { reservationDays: this.reservationDays },
  }));
  readonly mail = makeMailApi(() => ({
    ports: this.world.ports,
    deployment: this.settings,
    retentionDays: RETENTION_DAYS,
    backupGate: this.backupGate,
  }));

  /** `GET /v1/accounts/a@x.org`; the path as a client would send it. */
  async ask(request: string, asked: Asked = {}): Promise<Answer> {
    const [method = '', path = ''] = request.split(' ');
    const ofMail = /\/(admin|mailboxes|messages|quota|settings|subscriptions|uploads)\b/.test(path);
    const isPurge = /^\/v1\/mailboxes\/purge\b/.test(path);
    const ofAddresses = /^\/v1\/(addresses\/|accounts\/[^/]+\/(rename|aliases)\b)/.test(path);
    const rest = ofAddresses ? this.addresses : this.provisioning;
    const door = ofMail && !isPurge ? this.mail : rest;
    const given = asked.text ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
    const { headers = {}, leftMs } = asked;
    const init = { method, headers, ...(given === undefined ? {} : { body: given }) };
    const lambdaContext = { getRemainingTimeInMillis: () => leftMs };
    const response = await door.request(path, init, leftMs === undefined ? {} : { lambdaContext });
    return await answerOf(response);
  }

  async addAccount(user: string): Promise<string> {
    const { status, body } = await this.ask('POST /v1/accounts', { body: { user } });
    expect(status).toBe(201);
    return String(body['accountId']);
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : {},
  };
}

/** Checks the whole form of a problem (RFC 9457); answers it for more. */
export function expectProblem(
  answer: Answer,
  status: number,
  type: ProblemType,
  fields?: readonly string[],
): Problem {
  const found = answer.body as unknown as Problem;
  expect(found).toMatchObject({ type, status, title: expect.stringMatching(/^[A-Z]/) });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(found.detail.length).toBeGreaterThan(10);
  if (fields === undefined) expect(found).not.toHaveProperty('errors');
  else expect(found.errors?.map(({ field }) => field)).toEqual(fields);
  return found;
}
