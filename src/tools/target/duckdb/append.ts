/** Appends source rows to a table without going through SQL. @module */
import type { DuckDBAppender, DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import { duckdb } from '../../engines.js';
import type { RowBatch } from '../../source/reader.js';

export async function appendRows(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  batches: AsyncIterable<RowBatch>,
): Promise<void> {
  const appender = await connection.createAppender(table, schema);
  try {
    for await (const batch of batches) await append(appender, batch);
    appender.flushSync();
  } catch (error) {
    try {
      appender.closeSync();
    } catch {
      // It fails again, because its rows can't be stored. The first error says why.
    }
    throw error;
  }
  appender.closeSync();
}

async function append(appender: DuckDBAppender, { data, from, to }: RowBatch): Promise<void> {
  if (from === 0 && to === data.rowCount) return appender.appendDataChunk(data);
  // A boundary between two of our chunks falls inside this batch, so copy only its part.
  const { DuckDBDataChunk } = await duckdb();
  const types: DuckDBType[] = [];
  for (let i = 0; i < data.columnCount; i++) types.push(data.getColumnVector(i).type);
  const part = DuckDBDataChunk.create(types, to - from);
  part.setRows(data.getRows().slice(from, to));
  appender.appendDataChunk(part);
}
