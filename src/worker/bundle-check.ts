/**
 * Makes a worker fail when it starts, not at its first task, if its workflow bundle lacks the shipped workflow, or the
 * failure converter of encryption. @module
 */
import { readFileSync } from 'node:fs';
import type { WorkerOptions } from '@temporalio/worker';
import { FAILURE_CONVERTER, FAILURE_CONVERTER_MARK } from '../encryption/failure-converter.js';
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
    checkCode(codeOf(workflowBundle));
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

/**
 * Checks a bundle that the author built. One that the worker builds has the failure converter of its options.
 * @throws McpTasksError `CONFIGURATION` if the payloads are encrypted, but the bundle would not encrypt failures
 */
export function checkFailureConverter({ workflowBundle, dataConverter }: WorkerOptions): void {
  if (!workflowBundle || dataConverter?.failureConverterPath !== FAILURE_CONVERTER) return;
  if (codeOf(workflowBundle).includes(FAILURE_CONVERTER_MARK)) return;
  throw new McpTasksError(
    'CONFIGURATION',
    "the workflow bundle was built without encryption's failure converter, so the messages of failed workflows would be stored unencrypted. Build it with bundleWorkflowCode({ …, failureConverterPath: dataConverter.failureConverterPath })",
  );
}

function codeOf(bundle: NonNullable<WorkerOptions['workflowBundle']>): string {
  return 'code' in bundle ? bundle.code : readFileSync(bundle.codePath, 'utf8');
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
