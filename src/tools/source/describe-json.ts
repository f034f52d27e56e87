/** Detects the fields of JSON files. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { refuseDuplicates, type DescribedFile } from './column-types.js';
import { NUMBER_MARK } from './json-text.js';
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
  const layouts: JsonLayout[] = [];
  const names = new Set<string>();
  for (const path of paths) {
    const layout = format === 'ndjson' ? 'newline_delimited' : await jsonLayout(path);
    layouts.push(layout);
    for (const name of await fieldNames(session, path, layout)) names.add(name);
  }
  if (names.size === 0) throw new ToolError(`${named(paths)} is empty: it has no columns`);
  if (names.has(''))
    throw new ToolError(`${named(paths)}: a field has an empty name (""), which is not a valid column name`);
  refuseDuplicates(named(paths), [...names], 'field');
  const columns = [...names].map((name) => ({ name, type: 'JSON' }));
  return layouts.map((layout) => ({ columns, layout }));
}

/** Returns the names of a file's fields in the order of their first appearance. */
async function fieldNames(session: SourceSession, path: string, layout: JsonLayout): Promise<string[]> {
  const objects = jsonObjects({ path, layout });
  const [bad] = await session.rows(
    `SELECT row::VARCHAR AS row, object, marked, (SELECT min(k) FROM (SELECT unnest(keys) AS k) GROUP BY k HAVING count(*) > 1 LIMIT 1) AS twice
     FROM (SELECT row_number() OVER () AS row, json_type(json) = 'OBJECT' AS object, contains(json, '${NUMBER_MARK}') AS marked,
       CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) END AS keys FROM ${objects})
     WHERE NOT object OR marked OR len(list_distinct(keys)) < len(keys) LIMIT 1`,
    [path],
  );
  if (bad) {
    const where = `${basename(path)}, row ${String(bad['row'])}`;
    if (bad['object'] !== true)
      throw new ToolError(
        `${basename(path)}: every row must be a JSON object with fields, but row ${String(bad['row'])} is not`,
      );
    if (bad['marked'] === true) throw new ToolError(`${where}: the text "${NUMBER_MARK}" is reserved`);
    throw new ToolError(`${where}: the object has two fields named "${String(bad['twice'])}"; rename one of them`);
  }
  const found = await session.rows(
    `SELECT key FROM (SELECT unnest(keys) AS key, row, unnest(range(len(keys))) AS place
       FROM (SELECT json_keys(json) AS keys, row_number() OVER () AS row FROM ${objects}))
     GROUP BY key ORDER BY min(row), arg_min(place, row)`,
    [path],
  );
  return found.map(({ key }) => String(key));
}

/** Names the files in an error: all of them if they are few. */
function named(files: readonly string[]): string {
  const names = files.slice(0, 3).map((path) => basename(path));
  return files.length > names.length ? `${names.join(', ')} and ${files.length - names.length} more` : names.join(', ');
}

async function jsonLayout(path: string): Promise<JsonLayout> {
  if (/\.(gz|zst)$/i.test(path)) return 'auto';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).trimStart().startsWith('[') ? 'array' : 'unstructured';
  } finally {
    await handle.close();
  }
}
