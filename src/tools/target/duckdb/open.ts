/** Opens a DuckDB file as a load's target. @module */
import type { Database } from '../../databases.js';
import { duckdb } from '../../engines.js';
import type { LoadTarget } from '../../load/types.js';
import type { Target, TargetSession } from '../target.js';
import { duckdbError } from './errors.js';
import { DuckDBTarget } from './target.js';

type DuckDB = Extract<Database, { kind: 'duckdb' }>;

/** Opens the file, creating it if need be. Within one process its sessions share it; a second process is told to wait. */
export async function openDuckDBTarget({ name, path }: DuckDB, target: LoadTarget, session: TargetSession): Promise<Target> {
  session.signal.throwIfAborted();
  const { DuckDBInstance } = await duckdb();
  const explain = (error: unknown): unknown => duckdbError(name, path, error);
  try {
    const instance = await DuckDBInstance.fromCache(path);
    const connection = await instance.connect();
    return new DuckDBTarget(instance, connection, target, explain, session.signal);
  } catch (error) {
    throw explain(error);
  }
}
