/**
 * Opens the engine on a Temporal server. Code that runs before a server's first answer may load this module only with
 * `import()`, because it loads Temporal's client: test/cli/first-answer.test.ts checks that.
 * @module
 */
import type { DataConverter } from '@temporalio/client';
import type { Logger } from '../local/log.js';
import { firstContact } from './connection/first-contact.js';
import { temporalClient } from './connection/connect.js';
import { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from './connection/target.js';
import { Engine, type EngineOptions } from './engine.js';
import { startJanitor } from './janitor/schedule.js';
import { Namespaces, type TaskEngine } from './namespaces.js';

export interface OpenOptions {
  /** The options of the engine of every namespace. */
  readonly engine: Omit<EngineOptions, 'client' | 'scope' | 'logger'>;
  readonly temporal: TemporalOptions | undefined;
  /** Connection options for further namespaces, merged over `temporal`. @default the target's namespace is the only one */
  readonly namespaces: Readonly<Record<string, TemporalOptions>> | undefined;
  readonly dataConverter: (namespace: string) => DataConverter | undefined;
  readonly logger: Logger;
  /** Aborts when the engine closes. */
  readonly closing: AbortSignal;
}

/**
 * Connects to the target's namespace. Other namespaces are opened by {@link Namespaces.open}.
 * @throws McpTasksError `CONFIGURATION` if an option cannot be used
 */
export function openEngine(target: TemporalTarget, options: OpenOptions): TaskEngine {
  const main = engineOn(target, options);
  if (!options.namespaces) return main;
  const known = new Set([target.address]);
  return new Namespaces(main, options.engine.keys, async (namespace) => {
    const other = await resolveTemporalTarget({ ...options.temporal, ...options.namespaces?.[namespace], namespace });
    const engine = engineOn(other, options, { scope: namespace, isKnown: known.has(other.address) });
    known.add(other.address);
    return { engine, release: other.release };
  });
}

/**
 * @param scope the name of a namespace other than the target's own
 * @param isKnown whether another engine already waits for the first answer from this address
 */
function engineOn(
  target: TemporalTarget,
  options: OpenOptions,
  { scope, isKnown = false }: { readonly scope?: string; readonly isKnown?: boolean } = {},
): Engine {
  const dataConverter = options.dataConverter(target.namespace);
  const { logger, closing } = options;
  const client = temporalClient({ ...target, ...(dataConverter ? { dataConverter } : {}) });
  const engine = new Engine({ ...options.engine, client, logger, ...(scope === undefined ? {} : { scope }) });
  // A dev server has answered before it is used.
  if (target.explicit && !isKnown) void firstContact({ client, address: target.address, logger, closing });
  const { taskQueue, deleteExpired } = options.engine;
  if (deleteExpired) startJanitor(client, { taskQueue, logger, signal: closing });
  return engine;
}
