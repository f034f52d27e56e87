/** The cluster and one of its namespaces. @module */
import { msOptionalToNumber, msToNumber, optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { Duration } from '../../task/duration.js';
import { GRPC, grpcCode, within, type Calls } from '../../temporal/calls.js';
import { LARGEST_ARGUMENTS } from '../../temporal/start.js';
import { DEADLINE, error, ok, reasonOf, warning, type Finding } from './finding.js';

/** The oldest server whose `describe` shows that cancellation was requested. */
const OLDEST = [1, 27] as const;
const HOUR = 3_600_000;

/** Whether the cluster answers; if it does not, nothing else can be asked. */
export async function clusterFindings(calls: Calls, address: string): Promise<{ there: boolean; findings: Finding[] }> {
  try {
    const { serverVersion } = await calls.once(within(DEADLINE), async () => await calls.client.workflowService.getSystemInfo({}));
    return { there: true, findings: [ok(`Temporal ${serverVersion || 'of unknown version'} at ${address}`), ...versionFindings(serverVersion)] };
  } catch (reason) {
    return { there: false, findings: [error(`there is no Temporal at ${address}: ${reasonOf(reason)}`, 'check address, TLS and API key: temporal operator cluster health')] };
  }
}

/** @param ttl of finished tasks, in milliseconds; `null`: as long as Temporal keeps them */
export async function namespaceFindings(calls: Calls, ttl: number | null): Promise<Finding[]> {
  const { namespace } = calls.client.options;
  try {
    const { config, namespaceInfo } = await calls.once(within(DEADLINE), async () => await calls.client.workflowService.describeNamespace({ namespace }));
    return [...retentionFindings(namespace, optionalTsToMs(config?.workflowExecutionRetentionTtl), ttl), ...limitFindings(Number(namespaceInfo?.limits?.blobSizeLimitError ?? 0))];
  } catch (reason) {
    if (grpcCode(reason) === GRPC.PERMISSION_DENIED) return [warning(`namespace ${namespace}: its retention is not for this role to see`, 'ask whether it is at least the ttl of the tasks')];
    return [error(`namespace ${namespace}: ${reasonOf(reason)}`, `create it, or name another: temporal operator namespace create ${namespace}`)];
  }
}

function versionFindings(version: string): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part));
  // Temporal Cloud and development builds name no such number.
  if (!/^\d+\.\d+/.test(version) || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [error(`server ${version} does not show that cancellation was requested: a cancelled task reads as working until its workflow has ended`, `upgrade it to ${OLDEST.join('.')} or later`)];
}

function retentionFindings(namespace: string, retention: number | undefined, ttl: number | null): Finding[] {
  if (retention === undefined || retention === 0) return [ok(`namespace ${namespace}`)];
  const kept = `namespace ${namespace} keeps closed workflows for ${retention / HOUR} hours`;
  return ttl !== null && ttl > retention ? [warning(`${kept}, shorter than the ttl of tasks, ${ttl / HOUR} hours`, 'lengthen the retention, or shorten `ttl`')] : [ok(kept)];
}

function limitFindings(blob: number): Finding[] {
  if (blob === 0 || blob > LARGEST_ARGUMENTS) return [ok(`arguments and results up to ${blob > 0 ? `${blob} bytes` : "the server's limit, 2 MB where it is not set otherwise"}`)];
  return [warning(`payloads are limited to ${blob} bytes; larger arguments are refused by the server`, 'pass paths or URLs of large data, or raise limit.blobSize.error')];
}

/** In milliseconds. */
export function longestTtl(ttls: readonly (Duration | null | undefined)[]): number | null {
  if (ttls.includes(null)) return null;
  return Math.max(...ttls.map((ttl) => msOptionalToNumber(ttl ?? undefined) ?? msToNumber('24 hours')));
}
