/** The activity that deletes expired tasks. @module */
import { Context } from '@temporalio/activity';
import { DELETE_EXPIRED_ACTIVITY } from '../task/names.js';
import { deleteExpired } from '../temporal/janitor/delete-expired.js';
import { Calls } from '../temporal/rpc/calls.js';

/** The janitor's activity, by its type. It uses the worker's own connection. */
export const janitorActivities = {
  async [DELETE_EXPIRED_ACTIVITY](): Promise<number> {
    const { client, heartbeat, cancellationSignal } = Context.current();
    return await deleteExpired(new Calls(client), () => {
      cancellationSignal.throwIfAborted();
      heartbeat();
    });
  },
};
