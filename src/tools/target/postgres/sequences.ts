/** Advances the sequences of a table whose values came from a source. @module */
import { ident, literal } from '../../sql.js';
import type { PostgresSession } from './session.js';

/**
 * Advances the sequence behind each of the columns beyond the column's greatest value, so that rows inserted later don't
 * get a key that exists. Leaves sequences alone that the database user may not change.
 *
 * @param table the quoted name
 */
export async function advanceSequences(
  session: PostgresSession,
  table: string,
  columns: readonly string[],
): Promise<void> {
  for (const column of columns) {
    const [found] = await session.query<{ sequence: string | null }>(
      `SELECT s AS sequence FROM pg_get_serial_sequence($1, $2) s WHERE has_sequence_privilege(s, 'UPDATE') AND has_sequence_privilege(s, 'SELECT')`,
      [table, column],
    );
    if (!found?.sequence) continue;
    await session.query(
      `SELECT setval(${literal(found.sequence)}, m.most) FROM (SELECT max(${ident(column)})::bigint AS most FROM ${table}) m
       WHERE m.most > (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ${found.sequence})`,
    );
  }
}
