/** The engine without the methods that only this package's MCP handlers call. @module */
import { Engine as WholeEngine, type EngineOptions } from './engine.js';

/**
 * MCP tasks on a Temporal client, without an MCP SDK. Methods take the owner on whose behalf they act; for that owner,
 * other owners' tasks do not exist. All methods can also throw `TEMPORAL_REFUSED` if an operator has to fix
 * permissions, credentials or the namespace.
 *
 * @example
 * const keys = Keyring.parse(process.env['MCP_TASKS_KEY'] ?? '');
 * const engine = new Engine({ client, keys, taskQueue: 'mcp-tasks' });
 * const { tasks } = await engine.list('ann');
 * await engine.close();
 */
export interface Engine extends Omit<
  WholeEngine,
  'claim' | 'countRunning' | 'hasWorker' | 'owns' | 'readFile' | 'release' | 'reply'
> {}

/** Creates an {@link Engine} on a Temporal client. Close it when done. */
export const Engine: new (options: EngineOptions) => Engine = WholeEngine;
