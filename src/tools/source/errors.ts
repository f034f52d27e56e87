/** From what DuckDB says of a bad file to what a person can act on. Pure. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { globLiteral } from '../sql.js';

const CSV_LINE = /CSV Error on Line: (\d+)/;
const CSV_CAST = /Error when converting column "(.+?)"\. Could not convert string "([\s\S]*?)" to '(.+?)'/;
const CSV_COUNT = /Expected Number of Columns: (\d+) Found: (\d+)/;
const CSV_FILE = /^ {2}file = (.+)$/m;
const CSV_SKIP = /^ {2}skip_rows = (\d+)/m;
const CSV_HEADER = /^ {2}header = true/m;
const JSON_LINE =
  /(Malformed JSON|JSON transform error) in file "(.+?)", (?:at byte \d+ )?in (?:line|record\/value) (\d+): ([^\n]+)/;
const SHORTAGE = /No space left|Too many open files/i;
const ENVIRONMENT = /^(?:IO|Out of Memory|Interrupt|INTERNAL|HTTP|Connection) Error/i;
/** What no other attempt will mend, although DuckDB counts it among the troubles of the machine. */
const UNREADABLE = /magic bytes|No files found|not a GZIP stream|ZSTD|Unknown frame descriptor/i;
const CLOSED = /Permission denied|Cannot open file/i;
const DATA =
  /^(?:Conversion|Invalid Input|Invalid|Parser|Binder|Cast|Constraint|Out of Range|Serialization|Not implemented|Decimal Overflow|Permission) Error/i;

/**
 * A `ToolError` where the file is at fault, naming the file, the row (from 1, the header not counted) and the column as
 * far as DuckDB tells them; otherwise the error itself, which is worth another attempt.
 *
 * @param paths the files that were read, for where DuckDB does not name the one, or names it as the worker sees it
 */
export function sourceError(error: unknown, paths: readonly string[] = []): unknown {
  if (!(error instanceof Error)) return error;
  const path = paths.length === 1 ? paths[0] : paths.find((each) => firstLine(error.message).includes(each));
  const file = path === undefined ? undefined : basename(path);
  const message = csvProblem(error.message, file) ?? jsonProblem(error.message) ?? otherProblem(error.message, path);
  return message === undefined ? error : new ToolError(message);
}

function csvProblem(text: string, known = 'the CSV file'): string | undefined {
  const line = CSV_LINE.exec(text)?.[1];
  if (line === undefined) return undefined;
  const file = basename(CSV_FILE.exec(text)?.[1]?.trim() ?? known);
  // DuckDB counts records, not lines of text, among them what it skips and the header.
  const before = Number(CSV_SKIP.exec(text)?.[1] ?? 0) + (CSV_HEADER.test(text) ? 1 : 0);
  const where = `${file}, row ${Number(line) - before}`;
  const cast = CSV_CAST.exec(text);
  if (cast) return `${where}, column "${cast[1]}": "${cast[2]}" is not a valid ${cast[3]}`;
  const count = CSV_COUNT.exec(text);
  if (count) return `${where}: ${count[2]} columns where ${count[1]} are expected`;
  const reason = text.split('\n').find((part, i) => i > 0 && !part.startsWith('Original Line') && part.trim() !== '');
  return `${where}: ${reason?.trim() ?? 'not valid CSV'}`;
}

function jsonProblem(text: string): string | undefined {
  const match = JSON_LINE.exec(text);
  if (!match) return undefined;
  const [, problem, file = '', line, reason = ''] = match;
  // Of malformed JSON, DuckDB 1.5 gives the number of the row behind it.
  const row = Number(line) - (problem === 'Malformed JSON' ? 1 : 0);
  return `${basename(file)}, row ${row}: ${reason.trim()}`;
}

function otherProblem(text: string, path?: string): string | undefined {
  // Where it is not known that a source was read, the file may be one that is written.
  const isFile = path === undefined ? UNREADABLE.test(text) : UNREADABLE.test(text) || CLOSED.test(text);
  if (SHORTAGE.test(text) || !(isFile || (DATA.test(text) && !ENVIRONMENT.test(text)))) return undefined;
  const reason = firstLine(text).replace(/^[A-Z][\w ]+ Error: /, '');
  if (path === undefined) return `the source cannot be read: ${reason}`;
  // The path on the worker is not the caller's to know.
  const name = basename(path);
  return `${name} cannot be read: ${reason.replaceAll(globLiteral(path), () => name).replaceAll(path, () => name)}`;
}

/** Without the statement that DuckDB quotes below. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
