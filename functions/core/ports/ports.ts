/** Everything the core may touch, in one bundle; an operation asks for the members it needs. */
import type { Clock } from './clock.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type { Ids } from './ids.ts';
import type { MailServers } from './mail-servers.ts';
import type { ObjectStore } from './object-store.ts';
import type { RowStore } from './row-store.ts';
import type { Signer } from './signer.ts';
import type { Workflows } from './workflows.ts';

export interface Ports {
  readonly rows: RowStore;
  readonly objects: ObjectStore;
  readonly evidence: EvidenceStore;
  readonly signer: Signer;
  readonly workflows: Workflows;
  readonly mailServers: MailServers;
  readonly clock: Clock;
  readonly ids: Ids;
}
