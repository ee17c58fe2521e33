/** Requests about the addresses of accounts. */
import { z } from 'zod';
import { address, DRY_RUN, request, textParameter } from './form.ts';

const MEANT = {
  accountId: textParameter('the account must be this one: an address may have come to another'),
} as const;

const OLD_ADDRESS = ['reserve', 'free', 'alias'] as const;

export const RENAME_ACCOUNT = request({
  method: 'POST',
  path: '/v1/accounts/:user/rename',
  does: 'Gives an account another main address, and ends the sessions of the old name; mail is not touched',
  query: { ...DRY_RUN, ...MEANT },
  body: z.strictObject({
    to: address('what it is called from now on'),
    oldAddress: z
      .enum(OLD_ADDRESS, `allowed are ${OLD_ADDRESS.join(', ')}`)
      .describe(
        'what becomes of the old address: nobody can have it for a time, anybody at once, or it goes on as an alias; `reserve` when missing',
      )
      .exactOptional(),
  }),
});

export const ADD_ALIAS = request({
  method: 'POST',
  path: '/v1/accounts/:user/aliases',
  does: 'Gives an account one more address',
  query: { ...DRY_RUN, ...MEANT },
  body: z.strictObject({ address: address('the alias') }),
});

export const REMOVE_ALIAS = request({
  method: 'DELETE',
  path: '/v1/accounts/:user/aliases',
  does: 'Takes an alias from an account',
  query: {
    ...DRY_RUN,
    ...MEANT,
    address: textParameter('the alias; must be given'),
    oldAddress: textParameter('what becomes of it: `reserve` or `free`; `reserve` when missing'),
  },
});

export const SHOW_ADDRESS = request({
  method: 'GET',
  path: '/v1/addresses/:address',
  does: 'Shows who has an address and since when, or until when it is reserved',
});

export const END_RESERVATION = request({
  method: 'DELETE',
  path: '/v1/addresses/:address/reservation',
  does: 'Ends the reservation of an address: anybody can have it then',
  query: DRY_RUN,
});
