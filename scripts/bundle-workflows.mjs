// Bundles the shipped workflows, so that a worker without workflows of its own need not run webpack: the last step of
// `npm run build`. The same sources and packages always give the same bytes, wherever they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { McpTasksPlugin } from '../dist/src/worker/plugin.js';
import { BUNDLES, installedVersion, LICENSES_FILE, VERSION_FILE } from '../dist/src/worker/shipped-workflows.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name: ownName } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @returns the text of every file to write, by its path */
export async function bundleWorkflows() {
  const files = new Map([[VERSION_FILE, `${JSON.stringify({ temporal: installedVersion() })}\n`]]);
  const sources = new Set();
  for (const { workflowsPath, failureConverterPath, codePath } of BUNDLES) {
    const { code } = await bundleWorkflowCode({
      workflowsPath,
      ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
      plugins: [new McpTasksPlugin({ tools: [] })],
      webpackConfigHook: (config) => configure(config, sources),
      logger: new DefaultLogger('ERROR'),
    });
    files.set(codePath, code);
  }
  files.set(LICENSES_FILE, licenses(sources));
  return files;
}

/** Stack traces name a source as `<package>/<path>`, with its line. They need neither its text nor columns. */
function configure(config, sources) {
  return {
    ...config,
    context: root,
    devtool: 'inline-nosources-cheap-module-source-map',
    output: {
      ...config.output,
      filename: 'bundle.cjs',
      devtoolModuleFilenameTemplate({ absoluteResourcePath }) {
        const path = absoluteResourcePath.replaceAll(root, '').split(sep).join('/');
        sources.add(path);
        return path.startsWith('node_modules/') ? path.slice('node_modules/'.length) : `${ownName}/${path}`;
      },
    },
  };
}

/** The licenses of the packages in the bundles: they require that copies include them. */
function licenses(sources) {
  const packages = [...sources]
    .map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
    .filter(Boolean);
  return [...new Set(packages)]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name} ${version}: ${license}\n\n${file ? readFileSync(join(root, path, file), 'utf8').trim() : ''}\n`;
    })
    .join('\n---\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [file, text] of await bundleWorkflows()) writeFileSync(file, text);
