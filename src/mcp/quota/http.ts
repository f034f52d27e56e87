/** Serves an HTTP request within the limits: counts what its client leaves unread, sets a refusal's status. @module */
import type { Logger } from '../../local/log.js';
import { LimitExceeded } from '../../protocol/errors.js';
import type { Owner } from '../../protocol/request.js';
import { hangUpOf } from '../request/hang-up.js';
import { limitReached } from '../request/refusal.js';
import type { Quota } from './quota.js';
import { countUnread } from './unread.js';

export interface LimitedRequest {
  readonly request: Request;
  readonly owner: Owner;
  /** Returns whether the request can be sent again if its response is refused. Called after the answer. */
  readonly repeatable: () => boolean;
  /** Called once the response has ended. */
  readonly over: () => void;
}

/** Answers the request, unless the owner leaves too much unread. A stream that is not read is cut off. */
export async function serveWithin(
  { quota, logger }: { readonly quota: Quota; readonly logger: Logger },
  { request, owner, repeatable, over }: LimitedRequest,
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    const full = quota.unreadReached({ owner });
    if (full) throw full;
    return await countUnread(await answer(), {
      perStream: quota.limits.unreadBytesPerStream,
      repeatable: repeatable(),
      take: (bytes, force) => quota.unread({ owner }, bytes, force),
      give: (bytes) => quota.wasRead({ owner }, bytes),
      signal: hangUpOf(request),
      cut: (unread) => logger.warn({ unread }, 'cut off a stream that its client does not read'),
      over,
    });
  } catch (error) {
    over();
    if (error instanceof LimitExceeded) return limitReached(error);
    throw error;
  }
}
