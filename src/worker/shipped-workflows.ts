/**
 * The shipped workflows, bundled when this package is built, so that a worker need not run webpack when it starts.
 * `npm run build` writes the bundles (scripts/bundle-workflows.mjs). The sources have none.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { FAILURE_CONVERTER } from '../encryption/failure-converter.js';

const FOLDER = fileURLToPath(new URL('../../workflows/', import.meta.url));

/** The workflows of a worker whose author has none. */
export const SHIPPED_WORKFLOWS = join(FOLDER, 'index.js');

/** The bundles: what each contains, and its file. */
export const BUNDLES = [SHIPPED_WORKFLOWS, join(FOLDER, 'tools', 'index.js')].flatMap((workflowsPath) => [
  { workflowsPath, failureConverterPath: undefined, codePath: join(dirname(workflowsPath), 'bundle.cjs') },
  {
    workflowsPath,
    failureConverterPath: FAILURE_CONVERTER,
    codePath: join(dirname(workflowsPath), 'bundle-encryption.cjs'),
  },
]);

/** Contains the version of Temporal's SDK in the bundles. */
export const VERSION_FILE = join(FOLDER, 'bundle.json');

/** Contains the licenses of the packages in the bundles. */
export const LICENSES_FILE = join(FOLDER, 'bundle-licenses.txt');

/** The options that decide what a bundle contains. */
type GivenOptions = {
  readonly [
    Name in
      | 'workflowsPath'
      | 'workflowBundle'
      | 'bundlerOptions'
      | 'interceptors'
      | 'plugins'
      | 'dataConverter'
      | 'showStackTraceSources'
  ]?: WorkerOptions[Name] | undefined;
};

/**
 * Returns the option that gives a worker its workflows: the author's bundle, a shipped one, or the file to bundle. A
 * bundle contains more than workflows, so a shipped one fits only if the author changes none of it.
 *
 * @param log called if a shipped bundle would fit, but is for another version of Temporal's SDK
 */
export function workflowsOf(
  options: GivenOptions,
  log: (message: string, versions: object) => void,
  installed = installedVersion(),
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const { workflowBundle, workflowsPath = SHIPPED_WORKFLOWS } = options;
  if (workflowBundle) return { workflowBundle };
  const codePath = shippedBundle({ ...options, workflowsPath });
  if (codePath === undefined) return { workflowsPath };
  const bundled = bundledVersion();
  if (bundled === installed) return { workflowBundle: { codePath } };
  // Temporal doesn't compare them. Parts of two versions would exchange messages that neither checks.
  log('bundling the workflows, because the shipped bundle is for another version of @temporalio/worker', {
    bundled,
    installed,
  });
  return { workflowsPath };
}

function shippedBundle({
  workflowsPath,
  bundlerOptions,
  interceptors,
  plugins = [],
  dataConverter,
  showStackTraceSources,
}: GivenOptions): string | undefined {
  // Plugins may add any of the others.
  const addsToBundle = bundlerOptions ?? interceptors?.workflowModules?.[0] ?? plugins[0];
  if (addsToBundle || dataConverter?.payloadConverterPath || showStackTraceSources) return undefined;
  const fitting = BUNDLES.find(
    (bundle) =>
      bundle.workflowsPath === workflowsPath && bundle.failureConverterPath === dataConverter?.failureConverterPath,
  );
  return fitting && existsSync(fitting.codePath) ? fitting.codePath : undefined;
}

function bundledVersion(): string {
  return (JSON.parse(readFileSync(VERSION_FILE, 'utf8')) as { readonly temporal: string }).temporal;
}

/** Returns the version of the SDK that this process runs. The worker requires its other packages in this version. */
export function installedVersion(): string {
  const load = createRequire(import.meta.url);
  return (load('@temporalio/worker/package.json') as { readonly version: string }).version;
}
