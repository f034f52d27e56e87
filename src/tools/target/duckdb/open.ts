/** Opens a DuckDB file as a load's target. @module */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Database } from '../../databases.js';
import { effectiveLimits, type DuckDBLimits, type EffectiveLimits } from '../../duckdb-limits.js';
import { limitError, limitSettings } from '../../keep-duckdb-limits.js';
import { duckdb } from '../../engines.js';
import type { LoadTarget } from '../../load/types.js';
import type { Target, TargetSession } from '../target.js';
import { duckdbError } from './errors.js';
import { DuckDBTarget } from './target.js';

type DuckDB = Extract<Database, { kind: 'duckdb' }>;

/**
 * Opens the file and creates it if necessary. Sessions in one process share it; a second process gets a retryable error
 * while the file is open.
 */
export async function openDuckDBTarget(
  { name, path }: DuckDB,
  target: LoadTarget,
  session: TargetSession,
  given?: DuckDBLimits,
): Promise<Target> {
  const limits = effectiveLimits(given);
  session.signal.throwIfAborted();
  const { DuckDBInstance } = await duckdb();
  const explain = (error: unknown): unknown => limitError(error, limits) ?? duckdbError(name, path, error);
  try {
    return await connect({
      instance: await DuckDBInstance.fromCache(path),
      target,
      explain,
      limits,
      signal: session.signal,
    });
  } catch (error) {
    throw explain(error);
  }
}

interface Connecting {
  readonly instance: DuckDBInstance;
  readonly target: LoadTarget;
  readonly explain: (error: unknown) => unknown;
  readonly limits: EffectiveLimits;
  readonly signal: AbortSignal;
}

async function connect({ instance, target, explain, limits, signal }: Connecting): Promise<Target> {
  let connection: DuckDBConnection | undefined;
  try {
    connection = await instance.connect();
    // Same as for the source: a timestamp's text, and thus the checksum, must not depend on where the worker runs.
    await connection.run(`SET TimeZone = 'UTC'`);
    for (const setting of limitSettings(limits)) await connection.run(`SET GLOBAL ${setting}`);
    return new DuckDBTarget({ instance, connection, signal, explain, limits }, target);
  } catch (error) {
    // An open instance would keep the file locked until this process exits.
    connection?.closeSync();
    instance.closeSync();
    throw error;
  }
}
