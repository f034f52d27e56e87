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

/** Returns the named groups of the first match; `undefined` if nothing matches. A group without a match is missing. */
export type Captures = (text: string) => Readonly<Record<string, string>> | undefined;

/**
 * Compiles a pattern whose named groups are wanted.
 * @throws PatternError as {@link linearPattern}
 */
export function captures(source: string): Captures {
  const pattern = compile(source);
  const names = Object.keys(pattern.namedGroups());
  return (text) => {
    const matcher = pattern.matcher(text);
    if (!matcher.find()) return undefined;
    return Object.fromEntries(names.map((name) => [name, matcher.group(name)]).filter(([, value]) => value !== null));
  };
}

/** Returns the names of a pattern's groups; throws as {@link captures}. */
export function groupNames(source: string): string[] {
  return Object.keys(compile(source).namedGroups());
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

function compile(source: string): RE2JS {
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
