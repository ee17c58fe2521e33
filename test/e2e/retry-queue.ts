/** The queues of rows that S3 could not follow, as an operator sees them. */
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { retryBody } from '../../functions/contract/reconcile.ts';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import { serviceOutput } from './deployed-roles.ts';

/** Far more receives than a test has dead letters. */
const RECEIVES_MAX = 20;

export async function operatorQueues(sqs: SQSClient) {
  const urlOf = async (output: string): Promise<string> => {
    const QueueName = serviceOutput(output).split(':').at(-1);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl ?? '';
  };
  const retryUrl = await urlOf('RetryQueueArn');
  const deadUrl = await urlOf('DeadLetterQueueArn');
  const count = async (QueueUrl: string): Promise<number> => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  };
  /** Takes everything out of the dead-letter queue. */
  const takeDead = async (): Promise<readonly string[]> => {
    const bodies: string[] = [];
    for (let receives = 0; receives < RECEIVES_MAX; receives += 1) {
      const command = new ReceiveMessageCommand({ QueueUrl: deadUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(command);
      if (Messages.length === 0) break;
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl: deadUrl, ReceiptHandle }));
      }
    }
    return bodies;
  };
  const send = async (MessageBody: string): Promise<void> => {
    await sqs.send(new SendMessageCommand({ QueueUrl: retryUrl, MessageBody }));
  };
  return {
    deadName: deadUrl.split('/').at(-1) ?? '',
    dead: () => count(deadUrl),
    waiting: () => count(retryUrl),
    takeDead,
    retry: (key: RowKey) => send(retryBody(key)),
    send,
    /** What StartMessageMoveTask does, which the embedded AWS does not offer. */
    redrive: async (): Promise<readonly string[]> => {
      const bodies = await takeDead();
      for (const body of bodies) await send(body);
      return bodies;
    },
  };
}
