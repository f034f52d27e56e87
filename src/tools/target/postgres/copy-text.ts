/** What is sent to `COPY`, from lines that DuckDB has made. @module */
import { Buffer } from 'node:buffer';
import type { RowBatch } from '../../source/reader.js';

/** How much is collected before it is sent, in characters. A string has a largest length, and wide rows soon reach it. */
const FLUSH_AT = 1024 * 1024;

/** @param batches whose first column is a row's line, with its line end */
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
