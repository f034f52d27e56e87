/**
 * Finds the progress reports in the results and failures of ended steps, because a step may end before its next
 * heartbeat.
 * @module
 */
import type { Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import { asReports, type Progress } from '../../task/progress.js';
import { hasReports } from '../../task/step-call.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { valuesOf } from '../rpc/payloads.js';
import { isReferencePayload } from '../seam.js';
import { newestFirst, type Run } from './history.js';

/** How many workflow runs' reports are kept. */
const MOST_RUNS = 2_000;
/** How many reports are kept of each run. */
const MOST_REPORTS = 100;
/** How far back to look for new events: the page size in batches of events, and the maximum number of pages. */
const PAGES = { size: 20, most: 5 };

interface Known {
  /** The length of the history that has been searched. */
  readonly historyLength: number;
  readonly reports: readonly Progress[];
}

export class PastReports {
  readonly #known = new LRUCache<string, Known>({ max: MOST_RUNS });

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the last reports of the run's steps that have ended, oldest first.
   * @param historyLength the run's current length
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`, `CODEC_FAILED`, `CONFIGURATION` if a codec server
   * refuses
   */
  async get(run: Run, historyLength: number, until: number): Promise<readonly Progress[]> {
    const known = this.#known.get(run.runId) ?? { historyLength: 0, reports: [] };
    if (known.historyLength >= historyLength) return known.reports;
    const results: Payload[] = [];
    // The history may have grown since its length was read.
    let searched = historyLength;
    for await (const event of newestFirst(this.calls, run, until, PAGES)) {
      const eventId = Number(event.eventId);
      if (eventId <= known.historyLength) break;
      searched = Math.max(searched, eventId);
      const result = resultOf(event);
      if (result) results.unshift(result);
    }
    const found: Progress[] = [];
    for (const result of results) found.push(...(await this.#reportsOf(result, until)));
    const reports = [...known.reports, ...found].slice(-MOST_REPORTS);
    this.#known.set(run.runId, { historyLength: searched, reports });
    return reports;
  }

  async #reportsOf(result: Payload, until: number): Promise<Progress[]> {
    // Reading it may take long, and may fail even if the task's own result can be read.
    const stored = isReferencePayload(result);
    try {
      const [value] = await valuesOf(this.calls, [result], stored ? within(DEADLINE.stored) : until);
      return hasReports(value) ? asReports(value.reports) : [];
    } catch (error) {
      if (stored || isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return [];
      throw error;
    }
  }
}

/** Returns the part of the event that may contain a step's reports: its result, or the last detail of its failure. */
function resultOf(event: temporal.api.history.v1.IHistoryEvent): Payload | undefined {
  const {
    activityTaskCompletedEventAttributes: completed,
    activityTaskFailedEventAttributes: failed,
    markerRecordedEventAttributes: marker,
  } = event;
  // The SDK's marker of a local activity.
  const result = completed?.result ?? marker?.details?.['result'];
  const failure = failed?.failure ?? marker?.failure;
  return result?.payloads?.[0] ?? failure?.applicationFailureInfo?.details?.payloads?.at(-1);
}
