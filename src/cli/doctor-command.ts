/** `mcp-tasks-temporal doctor`: examines what a gateway's file depends on, and says how to fix each problem. @module */
import { endCommand } from './process-end.js';
import { isMcpTasksError } from '../task/errors.js';
import { loadGateway } from '../gateway/load.js';
import { examine, type Finding } from '../gateway/doctor/index.js';

const EXIT_CODES: Readonly<Record<Finding['level'], number>> = { ok: 0, warning: 1, error: 2 };

/** Sets the exit code by the worst finding: 1 for a warning, 2 for an error. */
export async function doctor(file: string, dir: string): Promise<void> {
  let worst = 0;
  try {
    for await (const finding of findings(file, dir)) {
      process.stdout.write(line(finding));
      worst = Math.max(worst, EXIT_CODES[finding.level]);
    }
    process.exitCode = worst;
  } finally {
    endCommand();
  }
}

/**
 * Returns the findings. If the file is invalid, they are its problems: nothing else can be examined until they are
 * fixed.
 */
async function* findings(file: string, dir: string): AsyncGenerator<Finding, void> {
  try {
    yield* examine(await loadGateway(file), dir, process.env);
  } catch (error) {
    if (!isMcpTasksError(error)) throw error;
    for (const text of error.message.split('\n')) yield { level: 'error', text };
  }
}

function line({ level, text, remedy }: Finding): string {
  return `${level.padEnd(8)} ${text}\n${remedy === undefined ? '' : `         → ${remedy}\n`}`;
}
