/** Invocations of a deletion that are delivered twice, and go on after it has ended. */
import { expect, test } from 'vitest';
import { registryKeys, TTL_ATTRIBUTE } from '../../functions/contract/row-layout.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import type { Write } from '../../functions/core/ports/row-store.ts';
import { makeDoomed, operationIdOf, USER } from './doomed-account.ts';
import type { World } from './world.ts';

/** Ports whose puts of one kind of row wait until all is over. */
function holding(world: World, kind: string, over: Promise<void>): Ports {
  const rows = new Proxy(world.rows, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        const write = args[0] as Write | undefined;
        const waits = name === 'write' && write?.kind === 'put' && write.key.sk.startsWith(kind);
        if (waits) await over;
        return await member.apply(target, args);
      };
    },
  });
  return { ...world.ports, rows };
}

test.each([
  ['Plan erasure', 'plan#'],
  ['Erase ranges', 'progress#'],
  ['Erase account rows', 'progress#'],
  ['Verify erasure', 'verification#'],
])(
  'U7, W7: a second delivery of %s that writes after the end leaves no row for ever',
  async (state, kind) => {
    const { world } = await makeDoomed();
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const late: Promise<unknown>[] = [];
    let isAt = false;
    const outage = {
      // Delivered with what the step itself is given, before it begins.
      wrapAll: (_: string, ports: Ports): Ports => {
        const invocation = world.invocations.at(-1);
        if (isAt && late.length === 0 && invocation !== undefined) {
          late.push(world.redeliver(invocation, holding(world, kind, over)).catch(() => undefined));
        }
        return ports;
      },
    };
    const onState = (name: string) => {
      isAt = name === state || (isAt && late.length === 0);
    };
    const run = await world.run({ user: USER }, { onState, outage });
    expect(run.status).toBe('SUCCEEDED');
    expect(late).toHaveLength(1);
    const { pk } = registryKeys.operation(operationIdOf(run.output));
    const rows = () => world.rows.rows('registry').filter(({ key }) => key.pk === pk);
    const before = structuredClone(rows());
    end();
    await Promise.all(late);
    expect(rows().filter(({ attributes }) => attributes[TTL_ATTRIBUTE] === undefined)).toEqual([]);
    expect(rows()).toEqual(before);
  },
);
