/** Checks the settings of a namespace that tasks depend on. @module */
import { milliseconds, type Duration } from '../../task/duration.js';
import { GRPC, grpcCode, within, type Calls } from '../../temporal/rpc/calls.js';
import { LARGEST_PAYLOAD } from '../../limits/limits.js';
import type { DurableTool } from '../../tool/define-tool.js';
import type { GatewayConfig } from '../config.js';
import { DEADLINE, error, isRefusal, ok, reasonOf, spoken, warning, type Finding } from './finding.js';
import { optionalTsToMs } from '../../temporal/seam.js';

type Ttls = Pick<GatewayConfig, 'ttl' | 'longestTtl'>;

/** The ttls that are served if the file sets none. */
const DEFAULT: { readonly ttl: Duration; readonly longest: Duration } = { ttl: '24 hours', longest: '30 days' };
/** The maximum size of what a task's memo holds besides its mapping, in bytes. */
const MEMO_REST = 2_000;
/** The largest memo for listing, in bytes: a page holds 50 tasks with their memos, in a message of at most 4 MB. */
const LARGEST_LISTED_MEMO = 60_000;

/**
 * Checks the retention and limits of a namespace.
 * @param tools the tools in this namespace
 * @returns `there`: `false` if the namespace does not exist, `true` if it does or that is unknown
 */
export async function namespaceFindings(
  calls: Calls,
  tools: readonly DurableTool[],
  ttls: Ttls,
): Promise<{ there: boolean; findings: Finding[] }> {
  const { namespace } = calls.client.options;
  try {
    const { config, namespaceInfo } = await calls.once(
      within(DEADLINE),
      async () => await calls.client.workflowService.describeNamespace({ namespace }),
    );
    const limits = namespaceInfo?.limits;
    return {
      there: true,
      findings: [
        ...retentionFindings(namespace, optionalTsToMs(config?.workflowExecutionRetentionTtl) ?? 0, tools, ttls),
        ...payloadFindings(namespace, Number(limits?.blobSizeLimitError ?? 0)),
        ...memoFindings(tools, Number(limits?.memoSizeLimitError ?? 0)),
      ],
    };
  } catch (reason) {
    if (grpcCode(reason) === GRPC.NOT_FOUND)
      return {
        there: false,
        findings: [
          error(
            `namespace ${namespace}: ${reasonOf(reason)}`,
            `correct the name, or create the namespace: temporal operator namespace create ${namespace}`,
          ),
        ],
      };
    if (isRefusal(reason))
      return {
        there: true,
        findings: [
          warning(
            `namespace ${namespace}: this role may not read its retention and limits`,
            `make sure that its retention is at least the ttl of tasks (${spoken(longestTtl(tools, ttls))})`,
          ),
        ],
      };
    return {
      there: true,
      findings: [
        warning(
          `namespace ${namespace}: could not read its retention and limits: ${reasonOf(reason)}`,
          'run doctor again',
        ),
      ],
    };
  }
}

function retentionFindings(namespace: string, retention: number, tools: readonly DurableTool[], ttls: Ttls): Finding[] {
  // Some servers do not report it.
  if (retention === 0) return [ok(`namespace ${namespace}`)];
  const kept = `namespace ${namespace} keeps closed workflows for ${spoken(retention)}`;
  const ttl = longestTtl(tools, ttls);
  if (ttl > retention)
    return [
      warning(
        `${kept}, less than the ttl of tasks (${spoken(ttl)}): tasks disappear before they expire`,
        'increase the retention, or reduce `ttl`',
      ),
    ];
  const longest = milliseconds(ttls.longestTtl ?? DEFAULT.longest, 'longestTtl');
  if (longest <= retention) return [ok(kept)];
  const promised = `${kept}, less than the longest ttl that a call may request (${spoken(longest)})`;
  const remedy = `set \`longestTtl: ${spoken(retention)}\`, so that no call is promised more`;
  return [ttls.longestTtl === undefined ? ok(promised, remedy) : warning(promised, remedy)];
}

function payloadFindings(namespace: string, blob: number): Finding[] {
  if (blob === 0)
    return [ok(`namespace ${namespace}: arguments and results up to the server's limit (2 MB by default)`)];
  if (blob >= LARGEST_PAYLOAD)
    return [ok(`namespace ${namespace}: arguments up to ${LARGEST_PAYLOAD} bytes, results up to ${blob} bytes`)];
  return [
    warning(
      `namespace ${namespace}: payloads are limited to ${blob} bytes: the server rejects larger arguments, and a workflow with a larger result cannot complete`,
      'pass paths or URLs instead of large data, or raise limit.blobSize.error',
    ),
  ];
}

/** Checks that mappings fit into memos: each task carries one, with the schemas of its result and input requests. */
function memoFindings(tools: readonly DurableTool[], limit: number): Finding[] {
  const most = Math.min(LARGEST_LISTED_MEMO, limit > 0 ? limit - MEMO_REST : Infinity);
  return tools.flatMap(({ name, work }) => {
    const size = work.kind === 'workflow' ? Buffer.byteLength(JSON.stringify(work.existing?.mapping ?? {})) : 0;
    return size > most
      ? [
          warning(
            `tool ${name}: the schemas of its output and inputs are ${size} bytes, but the memo of a task has room for only ${most}`,
            'shorten them: descriptions belong in `input`, where the model reads them',
          ),
        ]
      : [];
  });
}

/** Returns the longest ttl that tasks get by default, in milliseconds. A task with ttl null is promised nothing. */
function longestTtl(tools: readonly DurableTool[], { ttl: common }: Ttls): number {
  const ttls = tools.map(({ ttl }) => (ttl === undefined ? (common === undefined ? DEFAULT.ttl : common) : ttl));
  return Math.max(0, ...ttls.map((ttl) => (ttl === null ? 0 : milliseconds(ttl, 'ttl'))));
}
