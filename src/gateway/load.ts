/** Reads a gateway file: its tools, and the settings to serve them with. @module */
import { basename, dirname, resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { JsonSchema } from '../tool/json-schema.js';
import { checks, inputSchemaProblems, workProblems } from './checks.js';
import { GatewayConfig } from './config.js';
import { commandsFolder, commandTool } from './commands.js';
import { connectionFileProblems } from './connection-files.js';
import { explain, type Explained } from './explain.js';
import { readNamed } from './named-file.js';
import { GatewayFileError, type Path } from './problem.js';
import { readSchema, schemasIn } from './schema-files.js';
import { durableTool, type ToolSchemas } from './tools.js';
import { YamlFile } from './yaml-file.js';

/** A gateway file, read and checked. */
export interface LoadedGateway {
  readonly config: GatewayConfig;
  readonly tools: readonly DurableTool[];
  /** The tools' schemas, in the same order. */
  readonly schemas: readonly ToolSchemas[];
  /** The folder that the paths in the configuration are relative to. */
  readonly dir: string;
  /** The absolute paths of the files it was read from. */
  readonly files: readonly string[];
}

/** Finds problems in the files that a configuration names. */
type CheckFiles = (config: GatewayConfig, dir: string) => Promise<readonly Explained[]>;

const noCheck: CheckFiles = async () => await Promise.resolve([]);
/** Matches the name of a module, which `serve` takes but which is not a gateway file. */
const MODULE = /\.[cm]?[jt]sx?$/;

/**
 * Reads and checks a gateway file.
 * @param env the variables that `${NAME}` refers to
 * @throws GatewayFileError with every problem in the file, each with line and column; McpTasksError `CONFIGURATION` if
 *   the file does not exist or cannot be read
 * @example
 * const { tools } = await loadGateway('mcp-tasks.yaml');
 * console.log(tools.map(({ name }) => name));
 */
export async function loadGateway(path: string, env: NodeJS.ProcessEnv = process.env): Promise<LoadedGateway> {
  return await read(path, env, noCheck);
}

/**
 * Reads and checks a gateway file before it is served, including the files that its connection names. A reload does not
 * need those, and `doctor` continues without them.
 * @throws what {@link loadGateway} throws
 */
export async function checkGateway(path: string, env: NodeJS.ProcessEnv = process.env): Promise<LoadedGateway> {
  return await read(path, env, connectionFileProblems);
}

async function read(path: string, env: NodeJS.ProcessEnv, checkFiles: CheckFiles): Promise<LoadedGateway> {
  const file = resolve(path);
  const yaml = new YamlFile(await readGatewayFile(path), env);
  if (yaml.problems.length > 0) throw new GatewayFileError(path, yaml.problems, [file]);
  const { loaded, problems, files } = await parse(yaml.value ?? {}, dirname(file), checkFiles);
  if (loaded) return { ...loaded, files: [file, ...files] };
  throw new GatewayFileError(
    path,
    problems.map(({ path: at, message, key }) => yaml.problem(at, message, key)),
    [file, ...files],
  );
}

/**
 * Returns the text of a gateway file.
 * @throws McpTasksError `CONFIGURATION` if the file is a module, does not exist or cannot be read
 */
async function readGatewayFile(path: string): Promise<string> {
  const name = basename(path);
  if (MODULE.test(name))
    throw new McpTasksError(
      'CONFIGURATION',
      `${path}: expected a gateway file (YAML), not a JavaScript or TypeScript module. \`check\` and \`doctor\` only read gateway files; to run the module's tools, use \`mcp-tasks-temporal serve ${name}\`.`,
    );
  const content = await readNamed(path).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new McpTasksError(
      'CONFIGURATION',
      `${path}: no such file. Create one with \`mcp-tasks-temporal init ${name}\`.`,
      { cause: error },
    );
  });
  return content.toString();
}

/**
 * Checks a configuration given as an object, and reads the files of its schemas.
 * @param dir the directory that its paths are relative to
 * @throws McpTasksError `CONFIGURATION` with every problem in it
 */
export async function gatewayOf(input: unknown, dir: string): Promise<LoadedGateway> {
  const { loaded, problems } = await parse(input, dir, noCheck);
  if (loaded) return loaded;
  throw new McpTasksError(
    'CONFIGURATION',
    problems.map(({ path, message }) => `${path.join('.') || 'the configuration'}: ${message}`).join('\n'),
  );
}

async function parse(input: unknown, dir: string, checkFiles: CheckFiles): Promise<Built> {
  const { success, data, error } = GatewayConfig.safeParse(input);
  if (!success)
    return await withSchemas(input, dir, [...error.issues.flatMap((issue) => explain(issue)), ...workProblems(input)]);
  return await build(data, dir, await checkFiles(data, dir));
}

/** Adds the problems of the schemas in an invalid configuration. */
async function withSchemas(input: unknown, dir: string, problems: readonly Explained[]): Promise<Built> {
  const given = schemasIn(
    input,
    problems.map(({ path }) => path),
  );
  const schemas = await Promise.all(given.map(async (one) => await readSchema(one, dir)));
  return {
    problems: [...problems, ...schemas.flatMap((schema) => schema.problems)],
    files: schemas.flatMap((schema) => schema.files),
  };
}

/** A gateway built from its configuration, or the problems that prevent it. */
interface Built {
  readonly loaded?: LoadedGateway;
  readonly problems: readonly Explained[];
  /** The absolute paths of the schema files. */
  readonly files: readonly string[];
}

/** @param fileProblems the problems found in other files than those of schemas */
async function build(config: GatewayConfig, dir: string, fileProblems: readonly Explained[]): Promise<Built> {
  const problems = [...checks(config), ...fileProblems];
  const files: string[] = [];
  const schemas: ToolSchemas[] = [];
  for (const [index, tool] of config.tools.entries()) {
    const path: Path = ['tools', index];
    const schemaOf = async (given: string | JsonSchema | undefined, at: Path): Promise<JsonSchema | undefined> => {
      if (given === undefined) return undefined;
      const found = await readSchema({ given, at }, dir);
      files.push(...found.files);
      problems.push(...found.problems);
      return found.schema;
    };
    const input = await schemaOf(tool.input, [...path, 'input']);
    const output = await (typeof tool.output === 'object'
      ? schemaOf(tool.output.schema, [...path, 'output', 'schema'])
      : schemaOf(tool.output, [...path, 'output']));
    problems.push(...inputSchemaProblems(tool, input ?? {}, path));
    schemas.push({ ...(input ? { input } : {}), ...(output ? { output: ofObjects(output) } : {}) });
  }
  if (problems.length > 0) return { problems, files };
  return {
    problems,
    files,
    loaded: {
      config,
      tools: config.tools.map((tool, index) =>
        tool.command
          ? commandTool(tool, schemas[index] ?? {}, { base: dir, dir: commandsFolder('.mcp-tasks') })
          : durableTool(tool, schemas[index] ?? {}, config),
      ),
      schemas,
      dir,
      files,
    },
  };
}

/**
 * Adds the missing `type: object` to a result schema with `properties`. MCP lists object schemas unchanged and wraps
 * any other under `result`.
 */
function ofObjects(schema: JsonSchema): JsonSchema {
  return 'properties' in schema ? { type: 'object', ...schema } : schema;
}
