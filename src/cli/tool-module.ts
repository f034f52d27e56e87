/** Loads the tools for `serve` and `worker` from a file. @module */
import { existsSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import type { Durability } from '../local/durability.js';
import type { LimitOptions } from '../mcp/quota/table.js';
import type { DurableTasks } from '../server/durable-tasks.js';
import type { DurableTool } from '../tool/define-tool.js';
import { importTypeScript } from './typescript.js';

/** The contents of a tool file. Workflows and activities are for a worker. */
export interface ToolModule {
  readonly tools: readonly DurableTool[];
  /** Connects with the file's own settings. Only a gateway's file has it. */
  readonly connect?: (options: {
    readonly dir: string;
    readonly ui: boolean;
    readonly durability: Durability;
    readonly fallback: 'await' | 'handle';
    readonly startInBackground: boolean;
    readonly logger: Logger;
  }) => Promise<DurableTasks>;
  readonly workflowsPath?: string;
  readonly activities?: object;
  /** For a server. */
  readonly limits?: LimitOptions;
}

type Load = (file: string) => Promise<ToolModule>;

const LOADERS: Readonly<Record<string, Load>> = {
  '.js': async (file) => toolModule(file, await importJavaScript(file)),
  '.mjs': async (file) => toolModule(file, await importJavaScript(file)),
  '.ts': async (file) => toolModule(file, await importTypeScript(file)),
  '.mts': async (file) => toolModule(file, await importTypeScript(file)),
  '.yaml': loadGatewayFile,
  '.yml': loadGatewayFile,
};

/**
 * Loads a gateway's file (YAML), or a JavaScript or TypeScript module. A module exports its tools as the default export
 * or as `tools`, and may also export `workflowsPath` (relative to the module), `activities` and `limits`.
 *
 * @throws McpTasksError `CONFIGURATION` if there is no such file, its kind is unknown or it has no tools;
 * GatewayFileError if a gateway's file is invalid; and anything the module itself throws
 */
export async function loadTools(path: string): Promise<ToolModule> {
  const file = resolve(path);
  const load = LOADERS[extname(file)];
  if (!load)
    throw new McpTasksError(
      'CONFIGURATION',
      `${path}: expected a file that ends in ${Object.keys(LOADERS).join(', ')}`,
    );
  if (!existsSync(file)) throw new McpTasksError('CONFIGURATION', `${path}: no such file`);
  return await load(file);
}

async function importJavaScript(file: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}

/** @param exported what the module exports */
function toolModule(file: string, exported: Readonly<Record<string, unknown>>): ToolModule {
  const { default: main, tools = main, workflowsPath, activities, limits } = withoutInterop(exported);
  if (!Array.isArray(tools) || tools.length === 0 || !tools.every(isTool)) {
    throw new McpTasksError(
      'CONFIGURATION',
      `${file}: export an array of tools, each made by defineTool, as the default export or as \`tools\``,
    );
  }
  return {
    tools,
    ...(typeof workflowsPath === 'string' ? { workflowsPath: resolve(dirname(file), workflowsPath) } : {}),
    ...(typeof activities === 'object' && activities !== null ? { activities } : {}),
    // Checked when the server connects.
    ...(limits === undefined ? {} : { limits: limits as LimitOptions }),
  };
}

/** Returns the exports of a CommonJS module, which ES modules see as its default export. */
function withoutInterop(exported: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { default: main } = exported;
  return typeof main === 'object' && main !== null && !Array.isArray(main) ? { ...main } : exported;
}

async function loadGatewayFile(file: string): Promise<ToolModule> {
  const { checkGateway } = await import('../gateway/load.js');
  const { tools } = await checkGateway(file);
  return {
    tools,
    async connect(options) {
      const { serveGateway } = await import('../gateway/index.js');
      return (
        await serveGateway(file, {
          ...options,
          beforeWorker: async () => (await import('../worker/runtime.js')).installRuntime(options.logger),
        })
      ).tasks;
    },
  };
}

/** Checks the shape, not the class: the module may have its own copy of this package. */
function isTool(value: unknown): value is DurableTool {
  if (typeof value !== 'object' || value === null) return false;
  const { name, inputSchema, work } = value as Partial<DurableTool>;
  return (
    typeof name === 'string' && inputSchema !== undefined && (work?.kind === 'function' || work?.kind === 'workflow')
  );
}
