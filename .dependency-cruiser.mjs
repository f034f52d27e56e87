import { builtinModules } from 'node:module';

/**
 * Which folder may import which. Everything that is not listed here is forbidden, cycles and orphans too; `npm run lint`
 * checks it, and test/architecture/layers.test.ts plants forbidden imports to show that it does.
 */
export const folders = {
  task: ['limits', 'json-schema'],
  limits: [],
  'json-schema': [],
  tool: ['task', 'limits', 'json-schema'],
  activity: ['task', 'tool', 'limits'],
  // Bundled into the workflow sandbox, so it stays small.
  workflow: ['task', 'tool', 'limits'],
  // Below mcp: a version is given what it needs of the server (`TaskOperations`) and never imports it.
  protocol: ['task', 'tool'],
  local: ['task'],
  temporal: ['task', 'tool', 'local', 'limits'],
  mcp: ['task', 'tool', 'json-schema', 'local', 'protocol', 'temporal', 'limits'],
  server: ['task', 'tool', 'protocol', 'mcp', 'durable-tasks.ts'],
  sdk: ['task', 'tool', 'protocol', 'mcp', 'durable-tasks.ts'],
  auth: ['task', 'local'],
  encryption: ['task', 'temporal'],
  // Runs in hosts, which have nothing of the server side.
  client: ['task'],
  worker: ['task', 'tool', 'activity', 'local', 'temporal', 'encryption'],
  tools: ['task', 'tool', 'activity', 'local', 'limits'],
  command: ['task', 'tool', 'activity', 'local', 'limits', 'json-schema'],
  gateway: [
    'command',
    'task',
    'tool',
    'json-schema',
    'local',
    'limits',
    'temporal',
    'server',
    'worker',
    'encryption',
    'durable-tasks.ts',
    'version.ts',
  ],
  cli: [
    'task',
    'tool',
    'local',
    'auth',
    'encryption',
    'gateway',
    'mcp',
    'server',
    'temporal',
    'tools',
    'worker',
    'version.ts',
  ],
  'durable-tasks.ts': ['task', 'tool', 'local', 'protocol', 'mcp', 'temporal'],
  'index.ts': ['task', 'tool', 'command', 'local', 'mcp', 'temporal', 'server', 'durable-tasks.ts'],
  'version.ts': [],
  workflows: ['task', 'tool', 'tools', 'workflow', 'limits'],
};

/** Which SDK packages a folder may import, as a pattern. */
const sdks = {
  task: null,
  limits: '@temporalio/common',
  'json-schema': null,
  protocol: null,
  local: null,
  client: '@modelcontextprotocol/client',
  tool: '@temporalio/common',
  workflow: '@temporalio/(common|workflow)',
  workflows: '@temporalio/(common|workflow)',
  activity: '@temporalio/(activity|common)',
  temporal: '@temporalio/(client|common|envconfig|proto|testing)',
  mcp: '@temporalio/common',
  'index.ts': null,
  'version.ts': null,
  'durable-tasks.ts': '@temporalio/(client|common)',
  server: '@modelcontextprotocol/server',
  sdk: '@modelcontextprotocol/sdk',
  auth: '@modelcontextprotocol/server',
  encryption: '@temporalio/common',
  worker: '@temporalio/',
  tools: '@temporalio/',
  command: '@temporalio/(activity|client|common)',
  gateway: '(@temporalio/|@modelcontextprotocol/server)',
};

const at = (name) =>
  `${name === 'workflows' ? '' : 'src/'}${name.replace('.', '\\.')}${name.endsWith('.ts') ? '$' : '/'}`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(folders).map(([name, allowed]) => ({
      name: `${name}-knows-only-${allowed.join('-') || 'itself'}`,
      severity: 'error',
      from: { path: `^${at(name)}` },
      to: {
        path: '^(src|workflows|test|examples|bench)/',
        pathNot: `^(${[name, ...allowed].map(at).join('|')})`,
      },
    })),
    ...Object.entries(sdks).map(([name, allowed]) => ({
      name: `${name}-imports-no-other-sdk`,
      severity: 'error',
      from: { path: `^${at(name)}` },
      to: {
        path: '(^|/)(@temporalio|@modelcontextprotocol)/',
        ...(allowed ? { pathNot: `(^|/)${allowed}` } : {}),
      },
    })),
    {
      name: 'workflow-code-uses-nothing-of-node',
      severity: 'error',
      comment: 'The workflow sandbox has none of these, however far down the import is.',
      from: { path: '^(src/workflow|workflows)/' },
      to: { path: `^(${builtinModules.join('|')})$`, reachable: true },
    },
    {
      name: 'temporal-internals-only-in-the-seam',
      severity: 'error',
      comment:
        'They may move in any release; src/temporal/seam.ts is the one place to fix then, and has a canary test.',
      from: { path: '^(src|workflows)/', pathNot: '^src/temporal/seam\\.ts$' },
      to: { path: '@temporalio/[a-z-]+/lib/', pathNot: '@temporalio/[a-z-]+/lib/index\\.(js|d\\.ts)$' },
    },
    {
      name: 'versions-only-through-the-registry',
      severity: 'error',
      comment: 'Everything else takes a version as an object, so that another version is one folder and one line.',
      from: { path: '^src/', pathNot: '^src/protocol/(registry\\.ts$|[^/]+/)' },
      to: { path: '^src/protocol/[^/]+/' },
    },
    {
      name: 'versions-know-no-other-version',
      severity: 'error',
      from: { path: '^src/protocol/([^/]+)/' },
      to: { path: '^src/protocol/([^/]+/|registry\\.ts$)', pathNot: '^src/protocol/$1/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|workflows)/' },
      to: {},
    },
    {
      name: 'every-folder-has-a-rule',
      severity: 'error',
      from: { path: '^(src|workflows)/', pathNot: `^(${Object.keys(folders).map(at).join('|')})` },
      to: {},
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules/(?!@temporalio|@modelcontextprotocol))' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
