/** What a shared local server is made of. @module */
import type { Ports } from './ports.js';
import type { ServerCommand } from './server-process.js';

/** Makes the command that starts the server; called under the lock, so it may also prepare the server's files. */
export type Launch<Name extends string> = (ports: Ports<Name>) => Promise<ServerCommand>;

export interface LocalService<Name extends string = string> {
  /** What messages call it, such as "Temporal dev server". */
  readonly name: string;
  /** Its directory: record, leases, lock and log. */
  readonly dir: string;
  readonly ports: readonly Name[];
  /** Gets what the start needs; called without the lock and only if no server runs, so it may take long. */
  readonly prepare: () => Promise<Launch<Name>>;
  /** Fails unless the server answers; must come to an end within a few seconds. */
  readonly probe: (ports: Ports<Name>) => Promise<void>;
  /** Asks it to stop without losing anything. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take until it answers, in milliseconds. @default 60000 */
  readonly startTimeout?: number;
  /** How long it may take to stop before it is killed, in milliseconds. @default 15000 */
  readonly stopTimeout?: number;
}
