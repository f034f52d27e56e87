/** What every request handler works with. @module */
import type { Logger } from '../local/log.js';
import type { Keyring } from '../task/keyring.js';
import type { Engine } from '../temporal/engine.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { Cancellations } from './cancellations.js';
import type { Fallback } from './fallback.js';
import type { Followers } from './followers.js';
import type { ListedOutput } from './listing.js';
import type { SessionStreams } from './session-streams.js';

/** All times in milliseconds. */
export interface TaskService {
  readonly engine: Engine;
  readonly tools: ReadonlyMap<string, DurableTool>;
  /** By tool; none for a tool without an output schema. */
  readonly outputs: ReadonlyMap<string, ListedOutput>;
  readonly fallback: Fallback;
  readonly keys: Keyring;
  readonly followers: Followers;
  readonly sessions: SessionStreams;
  readonly cancellations: Cancellations;
  readonly logger: Logger;
  readonly pollInterval: number;
  /** The ttl of a task whose call and tool name none; `null`: as long as Temporal keeps it. */
  readonly defaultTtl: number | null;
  /** The longest ttl a call may ask for. */
  readonly longestTtl: number;
}
