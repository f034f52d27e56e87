/** Looks up the configured databases by name. @module */
import { resolve } from 'node:path';
import { ToolError } from '../tool/errors.js';
import type { ToolsConfig } from './config.js';

export type Database =
  | { readonly kind: 'postgres'; readonly name: string; readonly url: string }
  | { readonly kind: 'duckdb'; readonly name: string; readonly path: string };

/** @throws ToolError that lists the configured names, if `name` is not one of them */
export function database(config: ToolsConfig, name: string): Database {
  const url = Object.hasOwn(config.databases, name) ? config.databases[name] : undefined;
  if (url === undefined) {
    const names = Object.keys(config.databases).sort();
    const next = names.length > 0 ? `use one of: ${names.join(', ')}` : 'set DATABASE_URL for the worker';
    throw new ToolError(`no database named "${name}" is configured; ${next}`);
  }
  if (url.startsWith('duckdb:')) return { kind: 'duckdb', name, path: resolve(url.slice('duckdb:'.length)) };
  return { kind: 'postgres', name, url };
}
