// Checks what would be published: runs publint and attw on the tarball, then installs it into an empty project, imports
// every entry point, builds the worker's bundle and runs the bin.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Without these, each worker would run webpack when it starts. */
const BUNDLE_FILES = [
  'dist/workflows/bundle.cjs',
  'dist/workflows/bundle-encryption.cjs',
  'dist/workflows/tools/bundle.cjs',
  'dist/workflows/tools/bundle-encryption.cjs',
  'dist/workflows/bundle.json',
  'dist/workflows/bundle-licenses.txt',
];
const project = mkdtempSync(join(tmpdir(), 'mcp-tasks-package-'));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root),
  );
  const tarball = join(project, filename);
  for (const path of BUNDLE_FILES)
    if (!files.some((file) => file.path === path)) throw new Error(`the package lacks ${path}`);
  process.stdout.write(run('npx', ['publint', tarball], root));
  // CommonJS users get ESM with import(). Node's old resolution, which ignores exports, is not supported.
  process.stdout.write(run('npx', ['attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--quiet'], root));

  // Installs as a user would: the package, with npm adding its required peers, and the optional peers of the entry
  // points used.
  const peers = [
    '@temporalio/worker',
    '@modelcontextprotocol/server',
    '@modelcontextprotocol/sdk',
    '@modelcontextprotocol/client',
    '@duckdb/node-api',
    'pg',
    'pg-copy-streams',
    'typescript',
  ];
  const version = (name) => manifest.peerDependencies[name] ?? manifest.devDependencies[name];
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module', allowScripts: manifest.allowScripts }),
  );
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', tarball, ...peers.map((name) => `${name}@${version(name)}`)],
    project,
  );

  const entries = Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => entry.replace('.', manifest.name));
  // Workflow entries are for the sandbox, but importing them outside has to work too, for their types and names.
  writeFileSync(
    join(project, 'entries.mjs'),
    entries
      .map(
        (entry, i) =>
          `import * as e${i} from '${entry}';\nif (Object.keys(e${i}).length === 0) throw new Error('${entry} exports nothing');\n`,
      )
      .join(''),
  );
  run('node', ['entries.mjs'], project);
  process.stdout.write(`imported ${entries.join(', ')}\n`);

  // The shipped bundles are used only with the version of Temporal's SDK that they contain.
  const { temporal: bundled } = JSON.parse(
    readFileSync(join(project, 'node_modules', manifest.name, 'dist/workflows/bundle.json'), 'utf8'),
  );
  const { version: installed } = JSON.parse(
    readFileSync(join(project, 'node_modules/@temporalio/worker/package.json'), 'utf8'),
  );
  process.stdout.write(
    bundled === installed
      ? `the shipped bundles are for @temporalio/worker ${bundled}, which is what npm installs\n`
      : `workers will run webpack: the shipped bundles are for @temporalio/worker ${bundled}, and npm installs ${installed}\n`,
  );

  // An author's bundle has the workflows that every tool needs and no others; the reference tools' has theirs too.
  const bundles = {
    workflows: { has: ['mcpToolTask', 'mcpAskFirst'], lacks: ['loadDataset'] },
    'tools/workflows': { has: ['mcpToolTask', 'mcpAskFirst', 'loadDataset', 'loadDatasetCleanup'], lacks: [] },
  };
  for (const [entry, { has, lacks }] of Object.entries(bundles)) {
    writeFileSync(join(project, 'workflows.mjs'), `export * from '${manifest.name}/${entry}';\n`);
    writeFileSync(
      join(project, 'bundle.mjs'),
      `import { bundleWorkflowCode } from '@temporalio/worker';
const { code } = await bundleWorkflowCode({ workflowsPath: new URL('workflows.mjs', import.meta.url).pathname });
for (const name of ${JSON.stringify(has)}) if (!code.includes('function ' + name)) throw new Error('the bundle lacks ' + name);
for (const name of ${JSON.stringify(lacks)}) if (code.includes('function ' + name)) throw new Error('the bundle has ' + name);
`,
    );
    run('node', ['bundle.mjs'], project);
    process.stdout.write(`built the worker bundle of ${entry}\n`);
  }

  process.stdout.write(run('npx', ['--no-install', manifest.name, '--version'], project));

  // Hosts built on one SDK, without the other one installed.
  const hosts = {
    '@modelcontextprotocol/client': `import { Client } from '@modelcontextprotocol/client';`,
    '@modelcontextprotocol/sdk': `import { Client } from '@modelcontextprotocol/sdk/client/index.js';`,
  };
  for (const [sdk, line] of Object.entries(hosts)) {
    const others = Object.keys(hosts).filter((name) => name !== sdk);
    run('npm', ['uninstall', '--no-audit', '--no-fund', ...others], project);
    run('npm', ['install', '--no-audit', '--no-fund', `${sdk}@${version(sdk)}`], project);
    writeFileSync(
      join(project, 'host.ts'),
      `${line}
import { callTool, fileTaskStore, resume } from '${manifest.name}/client';
const client = new Client({ name: 'host', version: '1.0.0' });
const taskStore = fileTaskStore('tasks');
for (const { taskId } of await taskStore.list()) await resume(client, taskId, { taskStore });
const { structuredContent } = await callTool(client, { name: 't' }, { taskStore, onInput: async () => ({ action: 'decline' }), onProgress: ({ progress }) => progress.toFixed() });
export const shown: unknown = structuredContent?.['x'];
`,
    );
    run(
      'npx',
      ['tsc', '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck', 'host.ts'],
      project,
    );
    run('node', ['--input-type=module', '--eval', `await import('${manifest.name}/client')`], project);
    process.stdout.write(`compiled a host with ${sdk} alone\n`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
