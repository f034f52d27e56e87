/** The interfaces between the parts of a validation. @module */
import type { Schema, SchemaDraft } from '@cfworker/json-schema';
import type { Equality } from './equality.js';
import type { Pattern } from './pattern.js';
import type { Place, Problems } from './problem.js';

/** Names and indexes that a schema has described, for `unevaluatedProperties` and `unevaluatedItems`. */
export type Seen = Set<string>;

/** A value to check, and where it is. */
export interface At {
  readonly value: unknown;
  readonly place: Place | undefined;
  readonly problems: Problems;
  /** Unset if no keyword needs it. */
  readonly seen?: Seen | undefined;
  /** The outermost schema with `$recursiveAnchor`. */
  readonly anchor?: Schema | undefined;
  readonly depth: number;
}

export interface CompiledSchema {
  readonly schema: Schema | boolean;
  readonly draft: SchemaDraft;
  readonly lookup: Readonly<Record<string, Schema | boolean>>;
  /** Whether any part uses `unevaluatedProperties` or `unevaluatedItems`. */
  readonly tracks: boolean;
  readonly pattern: (source: string) => Pattern;
}

/** One validation, as the keywords about parts of a value use it. */
export interface Evaluator {
  readonly compiled: CompiledSchema;
  readonly equality: Equality;
  /** Checks a part of the value, or the same value by a part of the schema. Returns whether it is valid. */
  within(schema: Schema | boolean, at: At, part?: Partial<At>): boolean;
  /** Like {@link within}, for the same value: adds what the part of the schema describes to {@link At.seen}. */
  inPlace(schema: Schema | boolean, at: At): void;
  /** Returns what is wrong with a part of the value, separately from the problems found so far. */
  apart(schema: Schema | boolean, at: At, part?: Partial<At>): Problems;
}
