/** Checks whether the cluster is reachable, accepts this client and is recent enough. @module */
import type { Calls } from '../../temporal/rpc/calls.js';
import { GRPC, grpcCode, within } from '../../temporal/rpc/calls.js';
import type { TemporalTarget } from '../../temporal/connection/target.js';
import { DEADLINE, error, isRefusal, ok, reasonOf, warning, type Finding } from './finding.js';
import { unreachable } from './unreachable.js';

/** The oldest server whose `describe` shows that cancellation was requested. */
const OLDEST = [1, 27] as const;

const CREDENTIALS =
  'check the API key or client certificate (`apiKey`, `tls`, TEMPORAL_API_KEY, TEMPORAL_TLS_…) and the role that the cluster assigns to it';

/**
 * Checks the connection and the server's version.
 * @returns `there`: whether further checks make sense
 */
export async function clusterFindings(
  calls: Calls,
  target: TemporalTarget,
): Promise<{ there: boolean; findings: Finding[] }> {
  const { address } = target;
  try {
    const { serverVersion } = await calls.once(
      within(DEADLINE),
      async () => await calls.client.workflowService.getSystemInfo({}),
    );
    return { there: true, findings: [connectedTo(target, serverVersion), ...versionFindings(serverVersion)] };
  } catch (reason) {
    if (!isRefusal(reason)) return { there: false, findings: [await unreachable(target.connectionOptions, reason)] };
    // A role may be denied only this call; the check of its rights will show.
    if (grpcCode(reason) === GRPC.PERMISSION_DENIED)
      return {
        there: true,
        findings: [
          warning(
            `Temporal at ${address} did not report its version: ${reasonOf(reason)}`,
            `if the rights below are denied too, ${CREDENTIALS}. Otherwise make sure that the server is ${OLDEST.join('.')} or later`,
          ),
        ],
      };
    return {
      there: false,
      findings: [error(`Temporal at ${address} rejected this client: ${reasonOf(reason)}`, CREDENTIALS)],
    };
  }
}

function connectedTo(
  { address, connectionOptions: { tls, apiKey }, explicit }: TemporalTarget,
  version: string,
): Finding {
  const authentication = [
    tls ? 'TLS' : 'no TLS',
    ...(typeof tls === 'object' && tls.clientCertPair ? ['client certificate'] : []),
    ...(apiKey ? ['API key'] : []),
  ];
  const what = `Temporal ${version || '(unknown version)'} at ${address}`;
  if (explicit) return ok(`${what} (${authentication.join(', ')})`);
  return ok(
    `${what}, the dev server of this directory, because no address is configured`,
    'to use a cluster, set `temporal.address` or TEMPORAL_ADDRESS',
  );
}

function versionFindings(version: string): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part));
  // Temporal Cloud and development builds may not report a version number.
  if (!/^\d+\.\d+/.test(version) || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [
    error(
      `server ${version} does not report requested cancellations: a cancelled task reads as working until its workflow has ended`,
      `upgrade the server to ${OLDEST.join('.')} or later`,
    ),
  ];
}
