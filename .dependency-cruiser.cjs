/** Imports point one way; the style test asserts that modules were seen at all. */
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: [...allowed, 'node_modules'], dependencyTypesNot: ['core'] },
});

/** The folders of the core, from the ground up: each imports from those before it. */
const CORE = [
  ...['ports', 'rows', 'walks', 'names', 'accounts', 'settings', 'policies', 'mailboxes'],
  ...['meter', 'operations', 'backups', 'quota', 'messages', 'folders', 'recount'],
  ...['autoexpunge', 'queries', 'purge', 'requests', 'evidence', 'caches', 'erasure'],
  ...['bulk', 'sessions', 'provisioning', 'objects', 'dicts', 'doctor'],
];
const coreFolder = (name, at) => ({
  name: `core-${name}-imports-downwards`,
  comment: `${name} may not import a folder of the core that comes after it`,
  severity: 'error',
  from: { path: `^functions/core/${name}/` },
  to: { path: `^functions/core/(${CORE.slice(at + 1).join('|') || '-'})/` },
});
module.exports = {
  forbidden: [
    only('contract-imports-nothing', 'both sides of the wire read it', '^functions/contract/', [
      '^functions/contract/',
    ]),
    {
      name: 'contract-imports-no-package',
      severity: 'error',
      from: { path: '^functions/contract/' },
      to: { path: 'node_modules' },
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
    ...CORE.map(coreFolder),
    {
      name: 'core-folder-has-a-place',
      comment: 'a new folder of the core gets its place in the order above',
      severity: 'error',
      from: {},
      to: { path: '^functions/core/[^/]+/', pathNot: `^functions/core/(${CORE.join('|')})/` },
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
