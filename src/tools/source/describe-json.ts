/** Detects the fields of JSON files. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { refuseDuplicates, type DescribedFile } from './column-types.js';
import { changesNumbers, containsMark, NUMBER_MARK } from './json-text.js';
import type { Format, JsonLayout } from './pins.js';
import type { SourceSession } from './session.js';
import { jsonObjects } from './text-rows.js';

/**
 * Finds the fields of all files together and reads every row, because a field that first appears late needs a column
 * too. Their types are not known yet.
 *
 * @throws ToolError if a row is not an object, has a field twice or without a name, or if there are no fields at all
 */
export async function describeJson(
  session: SourceSession,
  format: Format,
  paths: readonly string[],
): Promise<DescribedFile[]> {
  const files: Omit<DescribedFile, 'columns'>[] = [];
  const names = new Set<string>();
  for (const path of paths) {
    const layout = format === 'ndjson' ? 'newline_delimited' : await jsonLayout(path);
    const { fields, plainNumbers } = await describeFile(session, path, layout);
    files.push({ layout, ...(plainNumbers ? { plainNumbers } : {}) });
    for (const name of fields) names.add(name);
  }
  if (names.size === 0) throw new ToolError(`${named(paths)} is empty: it has no columns`);
  if (names.has(''))
    throw new ToolError(`${named(paths)}: a field has an empty name (""), which is not a valid column name`);
  refuseDuplicates(named(paths), [...names], 'field');
  const columns = [...names].map((name) => ({ name, type: 'JSON' }));
  return files.map((file) => ({ columns, ...file }));
}

interface JsonFile {
  /** The names of the fields, in the order of their first appearance. */
  readonly fields: readonly string[];
  readonly plainNumbers: boolean;
}

async function describeFile(session: SourceSession, path: string, layout: JsonLayout): Promise<JsonFile> {
  // Objects rarely differ in their keys, so all but the first step are cheap.
  const [found] = await session.rows(
    `WITH shapes AS MATERIALIZED (
       SELECT keys, min(row) AS row, min(CASE WHEN marked THEN row END) AS marked, bool_or(changed) AS changed
       FROM (SELECT row_number() OVER () AS row, CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) END AS keys,
           ${containsMark('json')} AS marked, ${changesNumbers('json')} AS changed FROM ${jsonObjects({ path, layout })})
       GROUP BY keys),
     fields AS MATERIALIZED (SELECT unnest(keys) AS name, row, unnest(range(len(keys))) AS place FROM shapes),
     names AS (SELECT name, min(row) AS row, arg_min(place, row) AS place FROM fields GROUP BY name),
     twice AS MATERIALIZED (SELECT row, min(name) AS name FROM (SELECT row, name FROM fields GROUP BY row, name HAVING count(*) > 1) GROUP BY row)
     SELECT (SELECT min(row) FROM shapes WHERE keys IS NULL)::VARCHAR AS other, (SELECT min(marked) FROM shapes)::VARCHAR AS marked,
       (SELECT min(row) FROM twice)::VARCHAR AS row, (SELECT arg_min(name, row) FROM twice) AS twice,
       (SELECT bool_or(changed) FROM shapes) AS changed, to_json((SELECT list(name ORDER BY row, place) FROM names))::VARCHAR AS fields`,
    [path],
  );
  const { other, marked, row, twice, changed, fields } = found! as Record<string, string | boolean | null>;
  const where = (at: string | boolean): string => `${basename(path)}, row ${String(at)}`;
  if (other)
    throw new ToolError(
      `${basename(path)}: every row must be a JSON object with fields, but row ${String(other)} is not`,
    );
  if (marked) throw new ToolError(`${where(marked)}: the text "${NUMBER_MARK}" is reserved`);
  if (row) throw new ToolError(`${where(row)}: the object has two fields named "${String(twice)}"; rename one of them`);
  return { fields: JSON.parse(String(fields ?? '[]')) as string[], plainNumbers: changed === false };
}

/** Names the files in an error: all of them if they are few. */
function named(files: readonly string[]): string {
  const names = files.slice(0, 3).map((path) => basename(path));
  return files.length > names.length ? `${names.join(', ')} and ${files.length - names.length} more` : names.join(', ');
}

/** Determines how a JSON file is laid out, from its beginning. */
export async function jsonLayout(path: string): Promise<JsonLayout> {
  if (/\.(gz|zst)$/i.test(path)) return 'auto';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).trimStart().startsWith('[') ? 'array' : 'unstructured';
  } finally {
    await handle.close();
  }
}
