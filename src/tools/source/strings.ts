/** Reads the strings of a chunk that DuckDB fetched, without a call into DuckDB for each. @module */
import { Buffer } from 'node:buffer';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { vectors, type Vectors } from '../engines.js';

/** The size of a string's entry in a vector: its length, then either the string itself or a prefix and an address. */
const ENTRY = 16;
const WORDS = ENTRY / 4;
/** The maximum length of a string that is in its entry, in bytes. */
export const INLINE = 12;
/** The maximum length of what is read in one piece, in bytes, unless a single string is longer. */
const PIECE = 1024 * 1024;

/**
 * A column of strings. DuckDB writes most strings of a chunk one after another into the same memory, so many of them are
 * read in one piece. Only memory that belongs to strings of the column is ever read.
 */
export class Strings {
  private constructor(
    private readonly memory: Vectors,
    private readonly bytes: Uint8Array,
    /** Four for each string: its length and, if that is at most {@link INLINE}, the string, padded with zeros. */
    readonly words: Uint32Array,
    private readonly valid: Validity,
  ) {}

  static async of(data: DuckDBDataChunk, column: number): Promise<Strings> {
    const found = await vectors();
    const rows = data.rowCount;
    const vector = found.data_chunk_get_vector(data.chunk, column);
    const bytes = found.vector_get_data(vector, rows * ENTRY);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * WORDS);
    const valid = validity(found, vector, rows);
    return new Strings(found, bytes, valid ? withoutNulls(words, valid) : words, valid);
  }

  isNull(row: number): boolean {
    return isNull(this.valid, row);
  }

  /** Returns a string's length in bytes: 0 if it is NULL. */
  lengthOf(row: number): number {
    return this.words[row * WORDS]!;
  }

  /** Returns the row after the last one, before `to`, that {@link read} can read together with `from`. */
  endOfPiece(from: number, to: number): number {
    const isInline = this.lengthOf(from) <= INLINE;
    let length = this.lengthOf(from);
    let row = from + 1;
    for (; row < to && length < PIECE; row++) {
      const more = this.lengthOf(row);
      if (isInline ? more > INLINE : more <= INLINE || !this.#follows(row)) break;
      length += more;
    }
    return row;
  }

  /** Returns a copy of the strings of a piece, one after another. */
  read(from: number, to: number): Uint8Array {
    let length = 0;
    for (let row = from; row < to; row++) length += this.lengthOf(row);
    if (this.lengthOf(from) > INLINE)
      return this.memory.get_data_from_pointer(this.bytes.buffer as ArrayBuffer, this.#offset(from) + 8, length);
    const copy = Buffer.allocUnsafe(length);
    let at = 0;
    for (let row = from; row < to; row++) {
      const start = row * ENTRY + 4;
      const end = start + this.lengthOf(row);
      for (let i = start; i < end; i++) copy[at++] = this.bytes[i]!;
    }
    return copy;
  }

  /** Returns whether a string begins where the one before it ends. Both are longer than {@link INLINE}. */
  #follows(row: number): boolean {
    const { words } = this;
    const before = (row - 1) * WORDS;
    const low = words[before + 2]! + words[before]!;
    const carry = low > 0xffff_ffff ? 1 : 0;
    return words[row * WORDS + 2] === low >>> 0 && words[row * WORDS + 3] === words[before + 3]! + carry;
  }

  #offset(row: number): number {
    return this.bytes.byteOffset + row * ENTRY;
  }
}

/** Which rows are not NULL, as bits; null if none is NULL. */
export type Validity = Uint8Array | null;

export function validity(memory: Vectors, vector: Parameters<Vectors['vector_get_data']>[0], rows: number): Validity {
  return memory.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
}

export function isNull(valid: Validity, row: number): boolean {
  return valid !== null && (valid[row >> 3]! & (1 << (row & 7))) === 0;
}

/** Returns a copy in which NULLs are empty, because their entries can contain anything. */
function withoutNulls(words: Uint32Array, valid: Validity): Uint32Array {
  const copy = words.slice();
  for (let row = 0; row * WORDS < copy.length; row++) if (isNull(valid, row)) copy[row * WORDS] = 0;
  return copy;
}
