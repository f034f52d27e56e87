/** The dependencies and settings that all request handlers share. @module */
import type { Logger } from '../local/log.js';
import type { Keyring } from '../task/keyring.js';
import type { ProtocolVersion } from '../protocol/version.js';
import type { TaskEngine } from '../temporal/namespaces.js';
import type { Cancellations } from './request/cancellations.js';
import type { Followers } from './push/followers.js';
import type { ClientRequests } from './sessions/client-requests.js';
import type { Quota } from './quota/quota.js';
import type { SessionStreams } from './push/session-streams.js';
import type { ToolSet } from './tools/tool-set.js';

/** All times in milliseconds. */
export interface TaskService {
  readonly engine: TaskEngine;
  readonly versions: readonly ProtocolVersion[];
  readonly tools: ToolSet;
  readonly keys: Keyring;
  readonly followers: Followers;
  readonly sessions: SessionStreams;
  readonly quota: Quota;
  readonly cancellations: Cancellations;
  readonly clientRequests: ClientRequests;
  readonly logger: Logger;
  readonly pollInterval: number;
  /** The ttl of a task if neither its call nor its tool sets one; `null`: as long as Temporal keeps the workflow. */
  readonly defaultTtl: number | null;
  /** What happens to a task that is still running when its ttl passes, if its tool does not say. */
  readonly onTtl: 'keep' | 'cancel';
  /** The longest ttl a call may ask for. */
  readonly longestTtl: number;
}
