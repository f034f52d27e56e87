/** Matches the patterns of JSON Schemas in linear time. Pure, and safe in the workflow sandbox. @module */
import { RE2JS } from 're2js';
import { PatternError, re2Syntax } from './re2-syntax.js';

/** A compiled pattern. */
export interface Pattern {
  /** Returns whether any part of the text matches. The time is linear in the length of the text. */
  test(text: string): boolean;
}

/** How many compiled patterns are cached. */
const MOST_PATTERNS = 500;

const compiled = new Map<string, Pattern>();

/** @throws PatternError if it is not a regular expression, or has parts that cannot be matched in linear time */
export function linearPattern(source: string): Pattern {
  const known = compiled.get(source);
  if (known) return known;
  const pattern = compile(source);
  if (compiled.size >= MOST_PATTERNS) compiled.delete(compiled.keys().next().value!);
  compiled.set(source, pattern);
  return pattern;
}

/**
 * Falls back to JavaScript's own engine for patterns that cannot be matched in linear time. Only for schemas of tasks
 * that an earlier version of this package started; new schemas with such patterns are refused.
 */
export function anyPattern(source: string): Pattern {
  try {
    return linearPattern(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return new RegExp(source, 'u');
  }
}

/** Says why a pattern cannot be used, and what to write instead; `undefined` if it can be used. */
export function patternProblem(source: string): string | undefined {
  try {
    linearPattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

function compile(source: string): Pattern {
  const syntax = re2Syntax(source);
  try {
    return RE2JS.compile(syntax);
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('RE2JS')) throw error;
    throw new PatternError(
      `this pattern is too large to be matched in linear time (${quoted(error.message)}); repeat less, and limit the length with minLength and maxLength`,
    );
  }
}

function quoted(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
