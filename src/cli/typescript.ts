/** Imports TypeScript modules. @module */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { McpTasksError } from '../task/errors.js';

type Module = Readonly<Record<string, unknown>>;

/**
 * Imports a TypeScript module: with tsx if it is installed where the module is, otherwise with Node's own type
 * stripping. tsx comes first because it also supports enums, and imports of `./x.js` that mean `./x.ts`.
 *
 * @throws McpTasksError `CONFIGURATION` if neither can, and anything that the module itself throws
 */
export async function importTypeScript(file: string): Promise<Module> {
  const tsx = tsxFor(file);
  // Installs its hooks, as `node --import tsx` does.
  if (tsx !== undefined) await import(pathToFileURL(tsx).href);
  try {
    return (await import(pathToFileURL(file).href)) as Module;
  } catch (error) {
    const obstacle = tsx === undefined ? obstacleOf(error) : undefined;
    if (obstacle === undefined) throw error;
    throw new McpTasksError('CONFIGURATION', `${file}: ${obstacle}. Run: npm install --save-dev tsx`, { cause: error });
  }
}

function tsxFor(file: string): string | undefined {
  try {
    return createRequire(file).resolve('tsx');
  } catch {
    return undefined;
  }
}

/** Returns what Node lacks to import the module, if that is why it failed. */
function obstacleOf(error: unknown): string | undefined {
  const { code, url } = error as { code?: string; url?: string };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return `Node ${process.versions.node} cannot load TypeScript`;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return "Node's type stripping does not support all of its syntax";
  const missing = code === 'ERR_MODULE_NOT_FOUND' && url?.startsWith('file:') ? fileURLToPath(url) : undefined;
  if (missing?.endsWith('.js') && existsSync(missing.replace(/\.js$/, '.ts')))
    return `it imports ${missing}, and Node's type stripping does not look for the .ts file instead`;
  return undefined;
}
