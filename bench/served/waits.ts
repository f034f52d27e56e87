/** A process that does nothing but wait for results with the bare Temporal client. @module */
import { Client, Connection } from '@temporalio/client';
import { serveParent } from './parent.js';

let connection: Connection | undefined;
let failed = 0;
/** When the results arrived, in milliseconds since 1970, by workflow ID. */
const arrived: Record<string, number> = {};

serveParent({
  start: async ({ address }: { address: string }) => {
    connection = await Connection.connect({ address });
    return {};
  },
  wait: async ({ ids }: { ids: readonly string[] }) => {
    const client = new Client({ connection: connection as Connection });
    for (const id of ids)
      client.workflow
        .getHandle(id)
        .result()
        .then(
          () => (arrived[id] = Date.now()),
          () => failed++,
        );
    return await Promise.resolve({});
  },
  seen: async () => await Promise.resolve({ failed, arrived }),
});
