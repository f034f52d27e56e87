/** Splits a program's output into lines of bounded length. Pure. @module */
import { StringDecoder } from 'node:string_decoder';

/** The maximum length of a line, in characters. A longer one is split. */
export const LONGEST_LINE = 16_384;

/**
 * Collects output and passes on whole lines, without their ends. `\n`, `\r\n` and a lone `\r` end a line: programs
 * redraw their progress with `\r`.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** Whether the last chunk ended with `\r`: a `\n` after it belongs to the same end. */
  #afterReturn = false;

  constructor(private readonly line: (text: string) => void) {}

  push(chunk: Uint8Array): void {
    let text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (text === '') return;
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = text.endsWith('\r');
    const parts = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#pass(part);
    // So that a program which never ends a line does not fill the memory.
    while (this.#rest.length > LONGEST_LINE) {
      this.line(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }

  /** Passes on the last line, if the output did not end one. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#pass(last);
  }

  #pass(text: string): void {
    for (let at = 0; at === 0 || at < text.length; at += LONGEST_LINE) this.line(text.slice(at, at + LONGEST_LINE));
  }
}
