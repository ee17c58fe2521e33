import type { Meter } from '../../functions/core/meter/meter.ts';
import type { UsageName } from '../../functions/core/meter/prices.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { MeteredRowStore } from './metered-row-store.ts';

/** What S3 and KMS bill for a call of each port: one request, none when nothing is sent. */
const REQUESTS: Readonly<Record<string, UsageName>> = {
  'objects.put': 's3Tier1Requests',
  'objects.get': 's3Tier2Requests',
  'objects.listFolders': 's3Tier1Requests',
  'objects.listVersions': 's3Tier1Requests',
  'objects.versionsOf': 's3Tier1Requests',
  'objects.listUploads': 's3Tier1Requests',
  'objects.removeVersions': 's3DeleteObjectsRequests',
  'objects.abortUpload': 's3DeleteRequests',
  'evidence.save': 's3Tier1Requests',
  'evidence.read': 's3Tier2Requests',
  'signer.sign': 'kmsRequests',
  'signer.publicKey': 'kmsRequests',
};

function counted<Port extends object>(port: Port, name: string, meter: Meter): Port {
  return new Proxy(port, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      const usage = REQUESTS[`${name}.${String(property)}`];
      return (...args: unknown[]) => {
        const keys = Array.isArray(args[0]) ? args[0].length : undefined;
        // One version goes by a DELETE, which is free.
        const alone = usage === 's3DeleteObjectsRequests' && keys === 1;
        if (usage !== undefined && keys !== 0) meter.add(alone ? 's3DeleteRequests' : usage);
        return (member as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

/** The same ports, counting into a meter what AWS would bill. */
export function meteredPorts(ports: Ports, meter: Meter): Ports {
  return {
    ...ports,
    rows: new MeteredRowStore(ports.rows, meter),
    objects: counted(ports.objects, 'objects', meter),
    evidence: counted(ports.evidence, 'evidence', meter),
    signer: counted(ports.signer, 'signer', meter),
  };
}
