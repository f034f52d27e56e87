/** Opens PostgreSQL as a load's target. @module */
import type { Database } from '../../databases.js';
import type { LoadTarget } from '../../load/types.js';
import type { Target, TargetSession } from '../target.js';
import { defaultSchema } from './check.js';
import { PostgresSession } from './session.js';
import { PostgresTarget } from './target.js';

type PostgresDatabase = Extract<Database, { kind: 'postgres' }>;

/** Opens a session and ends those of older attempts at the same step. */
export async function openPostgresTarget(
  { name, url }: PostgresDatabase,
  target: LoadTarget,
  session: TargetSession,
): Promise<Target> {
  const opened = await PostgresSession.open(name, url, target.id, session);
  const postgres = new PostgresTarget(opened, target);
  try {
    if (session.attempt > 1) await postgres.stopOlder(session.step, session.attempt);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return postgres;
}

export async function postgresDefaultSchema(
  { name, url }: PostgresDatabase,
  id: string,
  session: TargetSession,
): Promise<string> {
  const opened = await PostgresSession.open(name, url, id, session);
  try {
    return await defaultSchema(opened);
  } finally {
    await opened.close();
  }
}
