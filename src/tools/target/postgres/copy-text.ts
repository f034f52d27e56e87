/** Turns the lines produced by DuckDB into the data sent to `COPY`. @module */
import { Buffer } from 'node:buffer';
import type { RowBatch } from '../../source/reader.js';

/** Characters to collect before sending. Wide rows would soon reach the maximum length of a string. */
const FLUSH_AT = 1024 * 1024;

/** @param batches rows whose first column is the line for `COPY`, including the line end */
export async function* copyText(batches: AsyncIterable<RowBatch>): AsyncGenerator<Buffer> {
  for await (const { data, from, to } of batches) {
    const vector = data.getColumnVector(0);
    let text = '';
    for (let i = from; i < to; i++) {
      text += vector.getItem(i) as string;
      if (text.length < FLUSH_AT) continue;
      yield Buffer.from(text);
      text = '';
    }
    if (text !== '') yield Buffer.from(text);
  }
}
