/** How the pinned rows are cut into chunks: the same cut for every attempt. Pure. @module */
import type { SourcePins } from './pins.js';

export interface Chunk {
  /** From 0, over all files. */
  readonly number: number;
  /** Which of the pinned files. */
  readonly file: number;
  /** That file's path, for what is said of its rows. */
  readonly path: string;
  /** Its first row within the file, from 0. */
  readonly from: number;
  readonly rows: number;
}

/** A chunk never spans two files, so that a file that is done need not be opened again. */
export function chunksOf(pins: Pick<SourcePins, 'files'>, chunkRows: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (const [file, { rows, path }] of pins.files.entries()) {
    for (let from = 0; from < rows; from += chunkRows) {
      chunks.push({ number: chunks.length, file, path, from, rows: Math.min(chunkRows, rows - from) });
    }
  }
  return chunks;
}
