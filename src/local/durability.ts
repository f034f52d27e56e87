/** What a local service's data survives. @module */
import { McpTasksError } from '../task/errors.js';

export const DURABILITIES = ['full', 'normal', 'memory'] as const;

/**
 * What a dev server's data survives.
 *
 * - `full`: also a power cut. Each change is on disk before Temporal acknowledges it.
 * - `normal`: the end of any process, also by SIGKILL. A power cut or a crash of the operating system loses up to the
 *   last half minute of changes. Waits less often for the disk, which helps if the disk is slow.
 * - `memory`: nothing. There is no file, and all tasks are gone when the server stops.
 */
export type Durability = (typeof DURABILITIES)[number];

/** @throws McpTasksError `CONFIGURATION` if there is no such level */
export function checkDurability(value: string): asserts value is Durability {
  if ((DURABILITIES as readonly string[]).includes(value)) return;
  throw new McpTasksError(
    'CONFIGURATION',
    `durability: expected ${DURABILITIES.join(', ')}, not ${JSON.stringify(value)}`,
  );
}
