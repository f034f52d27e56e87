/**
 * Adds up hashes of a source's rows, computed like those that PostgreSQL adds up for a table.
 *
 * The hash of a row is the hash of its values' hashes, combined with XOR. A value's hash depends on its column's
 * number, and NULL counts as 0. So a changed value, swapped columns and a value in another row change the sum, as does
 * a missing or duplicate row. A collision hides an error with a probability of one in 2^60. This does not protect
 * against someone who searches for values with equal hashes, but that person could just as well change the source.
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { vectors } from '../engines.js';
import { PostgresHash } from './postgres-hash.js';
import { INLINE, isNull, Strings, validity } from './strings.js';

/** How a column's values are hashed: as 64-bit integers, as numbers of 64 bits, or as text. */
export type HashKind = 'integer' | 'float' | 'text';

/** The bits that count in a hash's higher half: 28, so that 60 count in all. */
const HIGH = 0x0fff_ffff;
/** The maximum number of rows of a chunk. */
const ROWS = 2_048;
/** How much text is hashed before other work of this process gets its turn, in bytes. */
const TURN = 4 * 1024 * 1024;

export class RowHashes {
  rows = 0;
  #sum = 0n;
  #sinceTurn = 0;
  readonly #hash = new PostgresHash();
  /** The combined hashes of each row's values. */
  readonly #low = new Int32Array(ROWS);
  readonly #high = new Int32Array(ROWS);

  /** @param kinds how to hash each column */
  constructor(private readonly kinds: readonly HashKind[]) {}

  /** The sum of the hashes, in decimal. */
  get checksum(): string {
    return this.#sum.toString();
  }

  /** @param data has a column for each kind: BIGINT, DOUBLE or VARCHAR */
  async add(data: DuckDBDataChunk): Promise<void> {
    const rows = data.rowCount;
    this.#low.fill(0);
    this.#high.fill(0);
    for (const [i, kind] of this.kinds.entries()) {
      if (kind === 'text') await this.#addTexts(await Strings.of(data, i), rows, i + 1);
      else await this.#addNumbers(data, i, kind);
    }
    const hash = this.#hash;
    let low = 0;
    let high = 0;
    for (let row = 0; row < rows; row++) {
      // As the seed, because all of a seed's bits count. A key is folded into 32 bits.
      hash.integer(0, this.#low[row]!, this.#high[row]!);
      low += hash.low >>> 0;
      high += hash.high & HIGH;
    }
    this.#sum += (BigInt(high) << 32n) + BigInt(low);
    this.rows += rows;
  }

  async #addNumbers(data: DuckDBDataChunk, column: number, kind: HashKind): Promise<void> {
    const memory = await vectors();
    const rows = data.rowCount;
    const vector = memory.data_chunk_get_vector(data.chunk, column);
    const valid = validity(memory, vector, rows);
    const bytes = memory.vector_get_data(vector, rows * 8);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, rows * 2);
    for (let row = 0; row < rows; row++) {
      if (isNull(valid, row)) continue;
      const [low, high] = [words[row * 2]!, words[row * 2 + 1]!];
      if (kind === 'integer') this.#hash.integer(column + 1, low, high);
      else this.#float(low, high, column + 1);
      this.#keep(row);
    }
  }

  /** Zero, minus zero and NaN count as the numbers 3, 2 and 1. PostgreSQL's hash of a number does not tell them apart. */
  #float(low: number, high: number, seed: number): void {
    const magnitude = high & 0x7fff_ffff;
    const isNaN = magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && low !== 0);
    if (isNaN) this.#hash.integer(seed, 1, 0);
    else if (magnitude === 0 && low === 0) this.#hash.integer(seed, high < 0 ? 2 : 3, 0);
    else this.#hash.float(low, high, seed);
  }

  async #addTexts(texts: Strings, rows: number, seed: number): Promise<void> {
    for (let row = 0; row < rows;) {
      const end = texts.endOfPiece(row, rows);
      if (texts.lengthOf(row) <= INLINE) {
        for (; row < end; row++) {
          if (texts.isNull(row)) continue;
          this.#hash.shortText(texts.lengthOf(row), texts.words, row * 4 + 1, seed);
          this.#keep(row);
        }
        continue;
      }
      const bytes = texts.read(row, end);
      for (let at = 0; row < end; row++) {
        const length = texts.lengthOf(row);
        this.#hash.text(bytes, at, length, seed);
        this.#keep(row);
        at += length;
      }
      await this.#takeTurns(bytes.length);
    }
  }

  async #takeTurns(read: number): Promise<void> {
    this.#sinceTurn += read;
    if (this.#sinceTurn < TURN) return;
    this.#sinceTurn = 0;
    await setImmediate();
  }

  #keep(row: number): void {
    this.#low[row]! ^= this.#hash.low;
    this.#high[row]! ^= this.#hash.high;
  }
}
