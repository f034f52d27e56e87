/**
 * PostgreSQL's own hash functions, which exist since version 11. They never change, because they decide which partition
 * of a table contains a row. On a big-endian server they return other numbers.
 *
 * `hash_bytes_extended` and `hash_bytes_uint32_extended` of
 * https://github.com/postgres/postgres/blob/master/src/common/hashfn.c, which is Bob Jenkins' `lookup3`.
 * @module
 */

const START = (0x9e37_79b9 + 3_923_095) | 0;
/** How many bytes are mixed at once. */
const BLOCK = 12;

/** Computes one hash at a time. The result is {@link low} and {@link high}, as signed integers. */
export class PostgresHash {
  #a = 0;
  #b = 0;
  #c = 0;

  get low(): number {
    return this.#c;
  }

  get high(): number {
    return this.#b;
  }

  /** `hashint8extended(key, seed)` for a key from 0 to 2^31 - 1. Takes the seed's two halves. */
  integer(key: number, low: number, high: number): void {
    this.#begin(4, low, high);
    this.#a = (this.#a + key) | 0;
    this.#end();
  }

  /** `hashfloat8extended(number, seed)` for any number but 0, -0 and NaN. Takes the two halves of the number's bits. */
  float(low: number, high: number, seed: number): void {
    this.#begin(8, seed, 0);
    this.#a = (this.#a + low) | 0;
    this.#b = (this.#b + high) | 0;
    this.#end();
  }

  /** `hashtextextended(text, seed)` for a text of at most 12 bytes, given as three words padded with zeros. */
  shortText(length: number, words: Uint32Array, at: number, seed: number): void {
    this.#begin(length, seed, 0);
    this.#a = (this.#a + words[at]!) | 0;
    this.#b = (this.#b + words[at + 1]!) | 0;
    if (length === BLOCK) {
      this.#c = (this.#c + words[at + 2]!) | 0;
      this.#mix();
    } else {
      // The lowest byte is reserved for the length.
      this.#c = (this.#c + (words[at + 2]! << 8)) | 0;
    }
    this.#end();
  }

  /** `hashtextextended(text, seed)` for the text in `length` bytes from `from`. */
  text(bytes: Uint8Array, from: number, length: number, seed: number): void {
    this.#begin(length, seed, 0);
    const end = from + length;
    let at = from;
    for (; end - at >= BLOCK; at += BLOCK) {
      this.#a = (this.#a + word(bytes, at)) | 0;
      this.#b = (this.#b + word(bytes, at + 4)) | 0;
      this.#c = (this.#c + word(bytes, at + 8)) | 0;
      this.#mix();
    }
    for (let i = 0; at + i < end; i++) {
      const byte = bytes[at + i]!;
      if (i < 4) this.#a = (this.#a + (byte << (8 * i))) | 0;
      else if (i < 8) this.#b = (this.#b + (byte << (8 * (i - 4)))) | 0;
      else this.#c = (this.#c + (byte << (8 * (i - 7)))) | 0;
    }
    this.#end();
  }

  #begin(length: number, low: number, high: number): void {
    this.#a = this.#b = this.#c = (START + length) | 0;
    if (low === 0 && high === 0) return;
    this.#a = (this.#a + high) | 0;
    this.#b = (this.#b + low) | 0;
    this.#mix();
  }

  /** `mix` of hashfn.c. */
  #mix(): void {
    let [a, b, c] = [this.#a, this.#b, this.#c];
    a = (a - c) | 0;
    a ^= (c << 4) | (c >>> 28);
    c = (c + b) | 0;
    b = (b - a) | 0;
    b ^= (a << 6) | (a >>> 26);
    a = (a + c) | 0;
    c = (c - b) | 0;
    c ^= (b << 8) | (b >>> 24);
    b = (b + a) | 0;
    a = (a - c) | 0;
    a ^= (c << 16) | (c >>> 16);
    c = (c + b) | 0;
    b = (b - a) | 0;
    b ^= (a << 19) | (a >>> 13);
    a = (a + c) | 0;
    c = (c - b) | 0;
    c ^= (b << 4) | (b >>> 28);
    b = (b + a) | 0;
    this.#a = a;
    this.#b = b;
    this.#c = c;
  }

  /** `final` of hashfn.c. */
  #end(): void {
    let [a, b, c] = [this.#a, this.#b, this.#c];
    c ^= b;
    c = (c - ((b << 14) | (b >>> 18))) | 0;
    a ^= c;
    a = (a - ((c << 11) | (c >>> 21))) | 0;
    b ^= a;
    b = (b - ((a << 25) | (a >>> 7))) | 0;
    c ^= b;
    c = (c - ((b << 16) | (b >>> 16))) | 0;
    a ^= c;
    a = (a - ((c << 4) | (c >>> 28))) | 0;
    b ^= a;
    b = (b - ((a << 14) | (a >>> 18))) | 0;
    c ^= b;
    c = (c - ((b << 24) | (b >>> 8))) | 0;
    this.#b = b;
    this.#c = c;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
