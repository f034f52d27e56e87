/** Makes a program's arguments from its command line and the arguments of a call. Pure. @module */
import { ToolError } from '../tool/errors.js';
import { fillPlaceholders, placeholdersIn, solePlaceholder } from './placeholders.js';
import type { CommandEntry, CommandLine } from './spec.js';

/** The arguments of a call, validated by the tool's schema. */
export type CallArguments = Readonly<Record<string, unknown>>;

/** An option that is an entry of its own. `--` alone ends the options, and `-` is a file. */
const OPTION = /^--?[A-Za-z0-9][^={}]*$/;

/** A text that may be filled in, within its command line. */
interface Text {
  readonly text: string;
  readonly allowDash: boolean;
}

/**
 * Returns the program and its arguments.
 * @throws ToolError if a value cannot be an argument: it contains a NUL character, is an object, or would become an
 *   option
 */
export function argvOf([program, ...entries]: CommandLine, values: CallArguments): string[] {
  return [program, ...entriesOf(entries, values)];
}

function entriesOf(entries: readonly CommandEntry[], values: CallArguments): string[] {
  return entries.flatMap((entry, at) => (losesValue(entry, entries[at + 1], values) ? [] : entryOf(entry, values)));
}

/** Whether an entry is an option, such as `--select`, whose value is the next entry and is missing. */
function losesValue(entry: CommandEntry, next: CommandEntry | undefined, values: CallArguments): boolean {
  if (typeof entry !== 'string' || !OPTION.test(entry) || next === undefined || isGroup(next)) return false;
  const text = typeof next === 'string' ? next : 'value' in next ? next.value : '';
  const name = solePlaceholder(text);
  return name !== undefined && (isMissing(values, name) || isEmptyList(valueAt(values, name)));
}

/** Returns the names of the arguments that a command line refers to, without duplicates. */
export function namesIn(line: CommandLine | undefined): string[] {
  return [...new Set((line ?? []).flatMap(namesOfEntry))];
}

function namesOfEntry(entry: CommandEntry): string[] {
  if (typeof entry === 'string') return placeholdersIn(entry);
  if (isGroup(entry)) return entry.flatMap(namesOfEntry);
  return 'if' in entry ? [entry.if, ...namesOfEntry(entry.add)] : placeholdersIn(entry.value);
}

function entryOf(entry: CommandEntry, values: CallArguments): string[] {
  if (typeof entry === 'string') return textOf({ text: entry, allowDash: false }, values);
  if (isGroup(entry)) {
    const names = entry.flatMap((part) => (typeof part === 'object' && 'if' in part ? [] : namesOfEntry(part)));
    return names.some((name) => isMissing(values, name)) ? [] : entriesOf(entry, values);
  }
  if ('if' in entry) return valueAt(values, entry.if) === true ? entryOf(entry.add, values) : [];
  return textOf({ text: entry.value, allowDash: entry.allowDash }, values);
}

function textOf({ text, allowDash }: Text, values: CallArguments): string[] {
  const names = placeholdersIn(text);
  if (names.some((name) => isMissing(values, name))) return [];
  const sole = solePlaceholder(text);
  const list = sole === undefined ? undefined : valueAt(values, sole);
  if (sole !== undefined && Array.isArray(list))
    return list.map((element) => checked(scalar(element, sole), text, allowDash));
  return [
    checked(
      fillPlaceholders(text, (name) => scalar(valueAt(values, name), name)),
      text,
      allowDash,
    ),
  ];
}

/** @throws ToolError if the value would become an option, although the command line does not make it one */
function checked(filled: string, template: string, allowDash: boolean): string {
  if (filled.startsWith('-') && !template.startsWith('-') && !allowDash) {
    const [name = ''] = placeholdersIn(template);
    throw new ToolError(`"${name}" must not start with "-": the program would take the value for an option.`);
  }
  return filled;
}

function scalar(value: unknown, name: string): string {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new ToolError(`"${name}" must not contain the character NUL.`);
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ToolError(
    Array.isArray(value)
      ? `"${name}" is a list, which can only fill a whole entry of the command line. The tool's operator must change it.`
      : `"${name}" must be a text, a number, true or false, or a list of those: it becomes an argument of a program.`,
  );
}

function isGroup(entry: CommandEntry): entry is readonly CommandEntry[] {
  return Array.isArray(entry);
}

function isMissing(values: CallArguments, name: string): boolean {
  const value = valueAt(values, name);
  return value === undefined || value === null;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function valueAt(values: CallArguments, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
