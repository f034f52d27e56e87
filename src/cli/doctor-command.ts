/** `mcp-tasks-temporal doctor`: what a gateway's file depends on, each line with its remedy. @module */
import { loadGateway } from '../gateway/load.js';
import { examine, type Finding } from '../gateway/doctor/index.js';

const EXIT_CODES: Readonly<Record<Finding['level'], number>> = { ok: 0, warning: 1, error: 2 };

/** Sets the exit code by the worst finding: 1 for a warning, 2 for an error. @throws GatewayFileError */
export async function doctor(file: string, dir: string): Promise<void> {
  const loaded = await loadGateway(file);
  let worst = 0;
  for await (const finding of examine(loaded, dir, process.env)) {
    process.stdout.write(line(finding));
    worst = Math.max(worst, EXIT_CODES[finding.level]);
  }
  process.exitCode = worst;
}

function line({ level, text, remedy }: Finding): string {
  return `${level.padEnd(8)} ${text}\n${remedy === undefined ? '' : `         → ${remedy}\n`}`;
}
