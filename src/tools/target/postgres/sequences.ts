/** Advances the sequences of a table whose values came from a source. @module */
import { ident, literal } from '../../sql.js';
import type { PostgresSession } from './session.js';

/**
 * Advances the sequence behind each of the columns beyond the column's greatest value (if it descends, its least one), so
 * that rows inserted later don't get a key that exists. Leaves sequences alone that the database user may not change.
 *
 * @param table the quoted name
 */
export async function advanceSequences(
  session: PostgresSession,
  table: string,
  columns: readonly string[],
): Promise<void> {
  for (const column of columns) {
    const [found] = await session.query<{ sequence: string | null; ascends: boolean }>(
      `SELECT s AS sequence, (SELECT seqincrement > 0 FROM pg_sequence WHERE seqrelid = s::regclass) AS ascends
       FROM pg_get_serial_sequence($1, $2) s WHERE has_sequence_privilege(s, 'UPDATE') AND has_sequence_privilege(s, 'SELECT')`,
      [table, column],
    );
    if (!found?.sequence) continue;
    const [last, beyond, before] = found.ascends ? ['max', '>', '-'] : ['min', '<', '+'];
    await session.query(
      `SELECT setval(${literal(found.sequence)}, m.value) FROM (SELECT ${last}(${ident(column)})::bigint AS value FROM ${table}) m
       WHERE m.value ${beyond} (SELECT CASE WHEN is_called THEN last_value ELSE last_value ${before} 1 END FROM ${found.sequence})`,
    );
  }
}
