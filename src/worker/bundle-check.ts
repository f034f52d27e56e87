/**
 * Makes a worker whose workflow bundle lacks the shipped workflow fail when it starts, not at its first task. @module
 */
import { readFileSync } from 'node:fs';
import type { WorkerOptions } from '@temporalio/worker';
import { McpTasksError } from '../task/errors.js';
import { TOOL_WORKFLOW_MARK } from '../task/tool-workflow-mark.js';

/** The part of webpack's types used here. The worker brings webpack itself. */
interface Compilation {
  getAssets(): readonly { readonly source: { source(): string | Buffer } }[];
}
interface Compiler {
  readonly hooks: { readonly emit: { tap(name: string, check: (compilation: Compilation) => void): void } };
}

/** Returns options that check the bundle: immediately if it is given, otherwise as soon as it is built. */
export function withBundleCheck(options: WorkerOptions): WorkerOptions {
  const { workflowBundle, workflowsPath } = options;
  if (workflowBundle) {
    checkCode('code' in workflowBundle ? workflowBundle.code : readFileSync(workflowBundle.codePath, 'utf8'));
    return options;
  }
  // A worker without workflows leaves them to other workers.
  if (!workflowsPath) return options;
  const before = options.bundlerOptions?.webpackConfigHook;
  return {
    ...options,
    bundlerOptions: {
      ...options.bundlerOptions,
      webpackConfigHook: (config) => {
        const configured = before ? before(config) : config;
        return { ...configured, plugins: [...(configured.plugins ?? []), { apply: checkEmitted }] };
      },
    },
  };
}

function checkEmitted(compiler: Compiler): void {
  compiler.hooks.emit.tap('McpTasksPlugin', (compilation) => {
    checkCode(
      compilation
        .getAssets()
        .map((asset) => asset.source.source().toString())
        .join('\n'),
    );
  });
}

function checkCode(code: string): void {
  if (code.includes(TOOL_WORKFLOW_MARK)) return;
  throw new McpTasksError(
    'WORKFLOWS_MISSING',
    "the worker's workflows lack the one that runs function tools; add this line to your workflows file:\n\n  export * from 'mcp-tasks-temporal/workflows';\n",
  );
}
