/** Finds the web UI of a folder's dev server without starting anything. @module */
import { resolve } from 'node:path';
import { LOOPBACK } from '../../local/ports.js';
import { readRecord } from '../../local/record.js';

/** Returns the port at which a process serves the UI, as far as the folder's files say; `undefined` if there is none. */
function uiPort(dir: string): number | undefined {
  const record = readRecord(resolve(dir, 'temporal'));
  return typeof record === 'string' ? undefined : record.ports['ui'];
}

/**
 * Returns the origins of the UI's pages.
 * @param dir the folder of the dev server, as in `DevServerOptions`
 */
export function recordedUi(dir: string): readonly string[] {
  const port = uiPort(dir);
  return port === undefined ? [] : [`http://${LOOPBACK}:${port}`, `http://localhost:${port}`];
}
