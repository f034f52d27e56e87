/** Splits the pinned rows into chunks, the same way in every attempt. Pure. @module */
import type { SourcePins } from './pins.js';

export interface Chunk {
  /** Counts from 0 across all files. */
  readonly number: number;
  /** Index into the pinned files. */
  readonly file: number;
  /** That file's path, for error messages. */
  readonly path: string;
  /** The chunk's first row within the file, from 0. */
  readonly from: number;
  readonly rows: number;
  /** Set if only the rows that match a filter count. */
  readonly filtered?: true;
}

/** Returns the chunks of all files. A chunk never spans two files, so a finished file need not be opened again. */
export function chunksOf(pins: Pick<SourcePins, 'files' | 'filter'>, chunkRows: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (const [file, { rows, path }] of pins.files.entries()) {
    for (let from = 0; from < rows; from += chunkRows) {
      chunks.push({
        number: chunks.length,
        file,
        path,
        from,
        rows: Math.min(chunkRows, rows - from),
        ...(pins.filter ? { filtered: true } : {}),
      });
    }
  }
  return chunks;
}
