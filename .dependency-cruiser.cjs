/** Imports point one way; the style test asserts that modules were seen at all. */
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: [...allowed, 'node_modules'], dependencyTypesNot: ['core'] },
});

/** Files that stand higher than the folder they lie in: each is a layer of its own name. */
const HIGHER = {
  recount: 'quota/(expiry-recount|recount|recount-progress)',
  provisioning: 'accounts/(create|show)-account',
};

/** The layers of the core, from the ground up: each imports from those before it. */
const CORE = [
  ...['ports', 'rows', 'walks', 'names', 'accounts', 'settings', 'policies', 'mailboxes'],
  ...['meter', 'operations', 'backups', 'quota', 'messages', 'folders', 'recount'],
  ...['autoexpunge', 'queries', 'purge', 'requests', 'evidence', 'caches', 'erasure'],
  ...['bulk', 'sessions', 'addresses', 'provisioning', 'objects', 'holds', 'dicts', 'doctor'],
];
const isHigher = `functions/core/(${Object.values(HIGHER).join('|')})\\.ts$`;
const pathOf = (layer) => HIGHER[layer] ?? `${layer}/`;
const coreLayer = (layer, at) => {
  const above = CORE.slice(at + 1).map(pathOf);
  const from = { path: `^functions/core/${pathOf(layer)}` };
  const low = above.filter((path) => path.endsWith('/'));
  const high = above.filter((path) => !path.endsWith('/'));
  const rule = { comment: `${layer} may not import a layer of the core that comes after it` };
  const own = HIGHER[layer] === undefined ? { ...from, pathNot: isHigher } : from;
  return [
    {
      name: `core-${layer}-imports-downwards`,
      ...rule,
      severity: 'error',
      from: own,
      to: { path: `^functions/core/(${low.join('|') || '-'})`, pathNot: isHigher },
    },
    {
      name: `core-${layer}-imports-no-higher-file`,
      ...rule,
      severity: 'error',
      from: own,
      to: { path: `^functions/core/(${high.join('|') || '-'})\\.ts$` },
    },
  ];
};
const folders = CORE.filter((layer) => HIGHER[layer] === undefined);
module.exports = {
  forbidden: [
    only('contract-imports-nothing', 'both sides of the wire read it', '^functions/contract/', [
      '^functions/contract/',
    ]),
    {
      name: 'contract-imports-no-package',
      severity: 'error',
      comment: 'but the schemas of requests',
      from: { path: '^functions/contract/' },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    only('core-imports-contract', 'the core knows no technology', '^functions/core/', [
      '^functions/(core|contract)/',
    ]),
    {
      name: 'core-knows-no-sdk',
      severity: 'error',
      from: { path: '^functions/core/' },
      to: { path: 'node_modules/(@aws-|@smithy|hono|aws-)' },
    },
    only('adapters-import-core', 'adapters implement ports', '^functions/adapters/', [
      '^functions/(adapters|core|contract)/',
    ]),
    only('runtime-imports-inwards', 'wiring knows no handler', '^functions/runtime/', [
      '^functions/(runtime|adapters|core|contract)/',
    ]),
    only('handlers-import-inwards', 'handlers are thin', '^functions/handlers/', [
      '^functions/handlers/(mail|provisioning)/',
      '^functions/(runtime|adapters|core|contract)/',
    ]),
    only('cdk-imports-contract', 'handlers are entry paths, never imports', '^cdk/', [
      '^cdk/',
      '^functions/contract/',
    ]),
    only('cli-imports-contract', 'the command line speaks /v1 only', '^cli/', [
      '^cli/',
      '^functions/contract/',
    ]),
    only('local-imports-contract', 'the embedded AWS deploys the app as anyone does', '^local/', [
      '^local/',
      '^functions/contract/',
    ]),
    ...CORE.flatMap(coreLayer),
    {
      name: 'core-folder-has-a-place',
      comment: 'a new folder of the core gets its place in the order above',
      severity: 'error',
      from: {},
      to: { path: '^functions/core/[^/]+/', pathNot: `^functions/core/(${folders.join('|')})/` },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
