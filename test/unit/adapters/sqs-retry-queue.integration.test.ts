/** What SQS may answer and no emulator does on demand. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SqsRetryQueue } from '../../../functions/adapters/sqs-retry-queue.ts';
import { dictmapKeys } from '../../../functions/contract/row-layout.ts';
import { scriptedClients } from './scripted-clients.ts';
import { bodyOf, fault, json, type Script, type ScriptedRequest } from './scripted-endpoint.ts';

async function queueWith(script: Script) {
  const { clients, endpoint } = await scriptedClients(script);
  const queueUrl = `${endpoint.endpoint}/000000000000/retries`;
  return { queue: new SqsRetryQueue({ client: clients.sqs, queueUrl }), endpoint };
}

const keys = (count: number) =>
  Array.from({ length: count }, (_, i) => dictmapKeys.message('aa.bb', i + 1));

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}
const entriesOf = (request: ScriptedRequest | undefined) =>
  bodyOf(request)['Entries'] as readonly Entry[];

test('O3: rows are sent ten at a time, each by its key alone', async () => {
  const { queue, endpoint } = await queueWith((request, _number, response) =>
    json(response, {
      // The client compares the digests of bodies with the ones that SQS answers.
      Successful: entriesOf(request).map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
    }),
  );
  await queue.add(keys(23));
  const sent = endpoint.requests.map(entriesOf);
  expect(sent.map(({ length }) => length)).toEqual([10, 10, 3]);
  expect(sent.flat()[22]).toEqual({
    Id: '2',
    MessageBody: '{"pk":"mailbox#aa.bb#0","sk":"0000000023"}',
  });
});

test('O3: a row that SQS does not take is a fault, so that the batch comes again', async () => {
  const { queue, endpoint } = await queueWith((request, _number, response) =>
    json(response, {
      Successful: [],
      Failed: entriesOf(request).map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        SenderFault: false,
      })),
    }),
  );
  await expect(queue.add(keys(11))).rejects.toMatchObject({ name: 'StoreBusyError' });
  expect(endpoint.requests).toHaveLength(1);
  expect(entriesOf(endpoint.requests[0])).toHaveLength(10);
});

test('W5: a queue that is not there is a fault that names itself', async () => {
  const { queue } = await queueWith((_request, _number, response) =>
    fault(response, 'QueueDoesNotExist'),
  );
  await expect(queue.add(keys(1))).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  await expect(queue.postpone('receipt', 5)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
});
