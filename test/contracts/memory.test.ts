import { MemoryEvidenceStore } from '../models/memory-evidence-store.ts';
import { MemoryMailServers } from '../models/memory-mail-servers.ts';
import { MemoryObjectStore } from '../models/memory-object-store.ts';
import { MemoryRetryQueue } from '../models/memory-retry-queue.ts';
import { MemoryRowStore } from '../models/memory-row-store.ts';
import { MemorySigner } from '../models/memory-signer.ts';
import { MemoryWorkflows } from '../models/memory-workflows.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { VirtualClock } from '../models/virtual-clock.ts';
import { evidenceStoreContract } from './evidence-store.contract.ts';
import { mailServersContract } from './mail-servers.contract.ts';
import { objectStoreContract } from './object-store.contract.ts';
import { retryQueueContract } from './retry-queue.contract.ts';
import { rowStoreContract } from './row-store.contract.ts';
import { signerContract } from './signer.contract.ts';
import type { TestedObjectStore } from './tested-object-store.ts';
import { workflowsContract } from './workflows.contract.ts';

const clock = new VirtualClock();

rowStoreContract('memory', async () => new MemoryRowStore());

objectStoreContract('memory', async () => tested(new MemoryObjectStore()));

objectStoreContract('memory, with pages that are short or empty', async () =>
  tested(new MemoryObjectStore({ shortPages: new SeededIds(1) })),
);

function tested(store: MemoryObjectStore): TestedObjectStore {
  return {
    store,
    addVersion: async (key, body) => store.addVersion(key, body),
    copiesOnce: true,
    placeMarker: async (key) => {
      store.deleteMarker(key);
    },
    startUpload: async (key) => {
      store.startUpload(key);
    },
    send: (put, body) => store.receive(put, body),
    open: (url) => store.open(url),
  };
}

evidenceStoreContract(
  'memory',
  async () => {
    const store = new MemoryEvidenceStore(clock);
    return { store, remove: async (name) => store.remove(name) };
  },
  { nowMs: () => clock.now() },
);

signerContract('memory', async () => new MemorySigner());

workflowsContract('memory', async () => {
  const workflows = new MemoryWorkflows();
  return {
    workflows,
    end: async (name, status) => workflows.setStatus('delete-account', name, status),
  };
});

mailServersContract('memory', async () => {
  const server = { url: 'https://proxy.example.org', role: 'proxy' } as const;
  const mailServers = new MemoryMailServers([server]);
  return {
    mailServers,
    server,
    connect: async (user) => mailServers.connect(server.url, user),
    stop: async () => {},
  };
});

retryQueueContract('memory', async () => {
  const queue = new MemoryRetryQueue(clock);
  return {
    queue,
    receive: async () => queue.receive(),
    remove: async ({ receipt }) => queue.remove(receipt.split('-')[1] ?? ''),
    pass: async (seconds) => clock.advance(seconds * 1000),
  };
});
