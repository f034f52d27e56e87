/** Reads a gateway's file: its tools, and what to serve them with. @module */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { McpTasksError } from '../task/errors.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { JsonSchema } from '../tool/json-schema.js';
import { checks, inputSchemaProblems } from './checks.js';
import { GatewayConfig, type ToolConfig } from './config.js';
import { explain, type Explained } from './explain.js';
import { GatewayFileError, type Path } from './problem.js';
import { durableTool, type ToolSchemas } from './tools.js';
import { YamlFile } from './yaml-file.js';

export interface LoadedGateway {
  readonly config: GatewayConfig;
  readonly tools: readonly DurableTool[];
  /** The tools' schemas, in the same order. */
  readonly schemas: readonly ToolSchemas[];
  /** The folder that the paths in the configuration are relative to. */
  readonly dir: string;
  /** The files it was read from. */
  readonly files: readonly string[];
}

/**
 * @param env what `${NAME}` stands for
 * @throws GatewayFileError with all that is wrong with the file, each with line and column; McpTasksError `CONFIGURATION`
 *   if there is no such file
 */
export async function loadGateway(path: string, env: NodeJS.ProcessEnv = process.env): Promise<LoadedGateway> {
  const file = resolve(path);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new McpTasksError('CONFIGURATION', error.code === 'ENOENT' ? `${path}: there is no such file; \`mcp-tasks-temporal init ${basename(path)}\` writes a first one` : `${path} cannot be read: ${error.message}`, { cause: error });
  });
  const yaml = new YamlFile(text, env);
  if (yaml.problems.length > 0) throw new GatewayFileError(path, yaml.problems);
  const parsed = GatewayConfig.safeParse(yaml.value ?? {});
  const fail = (explained: readonly Explained[]): never => {
    throw new GatewayFileError(path, explained.map(({ path: at, message, key }) => yaml.problem(at, message, key)));
  };
  if (!parsed.success) return fail(parsed.error.issues.flatMap((issue) => explain(issue)));
  const { loaded, problems } = await build(parsed.data, dirname(file));
  return problems.length > 0 ? fail(problems) : { ...loaded, files: [file, ...loaded.files] };
}

/**
 * The same for a configuration that is not in a file.
 * @param dir what its paths are relative to
 * @throws McpTasksError `CONFIGURATION` with all that is wrong with it
 */
export async function gatewayOf(input: unknown, dir: string): Promise<LoadedGateway> {
  const parsed = GatewayConfig.safeParse(input);
  const { loaded, problems } = parsed.success ? await build(parsed.data, dir) : { loaded: undefined, problems: parsed.error.issues.flatMap((issue) => explain(issue)) };
  if (loaded && problems.length === 0) return loaded;
  throw new McpTasksError('CONFIGURATION', problems.map(({ path, message }) => `${path.join('.') || 'the configuration'}: ${message}`).join('\n'));
}

async function build(config: GatewayConfig, dir: string): Promise<{ loaded: LoadedGateway; problems: readonly Explained[] }> {
  const problems = checks(config);
  const files: string[] = [];
  const schemaAt = async (given: string | JsonSchema | undefined, at: Path): Promise<JsonSchema | undefined> => {
    if (typeof given !== 'string') return given;
    files.push(resolve(dir, given));
    try {
      const read: unknown = parse(await readFile(resolve(dir, given), 'utf8'));
      if (typeof read === 'object' && read !== null) return read as JsonSchema;
      problems.push({ path: at, message: `${given} holds no JSON Schema: an object is needed` });
    } catch (error) {
      problems.push({ path: at, message: `${given} cannot be read as JSON or YAML: ${(error as Error).message}` });
    }
    return {};
  };
  const schemas: ToolSchemas[] = [];
  for (const [index, tool] of config.tools.entries()) {
    const path: Path = ['tools', index];
    const output = outputOf(tool);
    const own: ToolSchemas = Object.fromEntries(
      [['input', await schemaAt(tool.input, [...path, 'input'])], ['output', await schemaAt(output, [...path, 'output'])]].filter(([, schema]) => schema !== undefined),
    );
    problems.push(...inputSchemaProblems(tool, own.input ?? {}, path));
    schemas.push(own);
  }
  const tools = config.tools.map((tool, index) => durableTool(tool, schemas[index] ?? {}, config));
  return { loaded: { config, tools, schemas, dir, files }, problems };
}

function outputOf({ output }: ToolConfig): string | JsonSchema | undefined {
  return typeof output === 'string' ? output : output?.schema;
}
