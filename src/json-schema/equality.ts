/** Compares JSON values in linear time. Pure. @module */

/**
 * Gives equal JSON values the same number. Each object and array is numbered once, from the numbers of its parts, so
 * the time is linear in the size of all values, however deeply they are nested.
 */
export class Equality {
  /** The numbers of all values seen; an object or array is known by the numbers of its parts. */
  readonly #numbers = new Map<unknown, number>();
  readonly #objects = new Map<object, number>();

  /** Returns the number of a value. */
  of(value: unknown): number {
    if (typeof value !== 'object' || value === null)
      return this.#number(typeof value === 'string' ? `"${value}` : value);
    const known = this.#objects.get(value);
    if (known !== undefined) return known;
    const number = this.#number(Array.isArray(value) ? this.#itemsOf(value) : this.#propertiesOf(value));
    this.#objects.set(value, number);
    return number;
  }

  #itemsOf(items: readonly unknown[]): string {
    return `[${items.map((item) => this.of(item)).join()}`;
  }

  #propertiesOf(values: object): string {
    const names = Object.keys(values).sort();
    const parts = names.map((name) => `${this.of(name)}:${this.of((values as Record<string, unknown>)[name])}`);
    return `{${parts.join()}`;
  }

  #number(key: unknown): number {
    const number = this.#numbers.get(key);
    if (number !== undefined) return number;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
