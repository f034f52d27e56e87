/** Turns the lines produced by DuckDB into the data sent to `COPY`. @module */
import type { RowBatch } from '../../source/reader.js';
import { Strings } from '../../source/strings.js';

/** @param batches rows whose first column is the line for `COPY`, including the line end */
export async function* copyText(batches: AsyncIterable<RowBatch>): AsyncGenerator<Uint8Array> {
  for await (const { data, from, to } of batches) {
    const lines = await Strings.of(data, 0);
    for (let row = from; row < to;) {
      const end = lines.endOfPiece(row, to);
      yield lines.read(row, end);
      row = end;
    }
  }
}
