/** The part of the `/v1` API that is about addresses of accounts. */
import type {
  AddAliasAnswer,
  AddressAnswer,
  EndReservationAnswer,
  RemoveAliasAnswer,
  RenameAnswer,
} from '../../functions/contract/address-api.ts';
import type { DryRunnable } from '../../functions/contract/requests/form.ts';
import { type ApiRequests, splitDryRun } from './requests.ts';

/** The same again does nothing more, so each may be tried again. */
const AGAIN = { idempotent: true };

export interface RenameOptions extends DryRunnable {
  readonly to: string;
  readonly oldAddress?: 'reserve' | 'free' | 'alias';
}

export class AddressDoor {
  readonly #requests: ApiRequests;

  constructor(requests: ApiRequests) {
    this.#requests = requests;
  }

  async rename(user: string, request: RenameOptions): Promise<RenameAnswer> {
    const path = ['v1', 'accounts', user, 'rename'];
    return this.#requests.json({ method: 'POST', path, ...splitDryRun(request) }, AGAIN);
  }

  async addAlias(
    user: string,
    request: DryRunnable & { readonly address: string },
  ): Promise<AddAliasAnswer> {
    const path = ['v1', 'accounts', user, 'aliases'];
    return this.#requests.json({ method: 'POST', path, ...splitDryRun(request) }, AGAIN);
  }

  async removeAlias(
    user: string,
    request: DryRunnable & { readonly address: string; readonly oldAddress?: 'free' },
  ): Promise<RemoveAliasAnswer> {
    const { dryRun, ...rest } = request;
    const path = ['v1', 'accounts', user, 'aliases'];
    const query = { ...rest, ...(dryRun === true ? { dryRun: 'true' } : {}) };
    return this.#requests.json({ method: 'DELETE', path, query }, AGAIN);
  }

  async show(address: string): Promise<AddressAnswer> {
    return this.#requests.get(['v1', 'addresses', address]);
  }

  async endReservation(address: string, { dryRun }: DryRunnable): Promise<EndReservationAnswer> {
    const path = ['v1', 'addresses', address, 'reservation'];
    const query: Record<string, string> = dryRun === true ? { dryRun: 'true' } : {};
    return this.#requests.json({ method: 'DELETE', path, query }, AGAIN);
  }
}
