/** Checks that the codec server or the workers' data converter can encode and decode payloads. @module */
import type { DataConverter } from '@temporalio/client';
import type { Encoding } from '../connection.js';
import { error, inTime, ok, reasonOf, type Finding } from './finding.js';
import { decodeArrayFromPayloads, encodeToPayloads, loadDataConverter } from '../../temporal/seam.js';

const PROBE = { mcpTasks: 'doctor' };

/** Encodes and decodes a probe. Nothing is sent to Temporal. */
export async function payloadFindings(
  converter: DataConverter | undefined,
  { codec, dataConverter }: Encoding,
): Promise<Finding[]> {
  if (!converter) return [];
  const what = [
    ...(dataConverter === undefined ? [] : [`data converter ${dataConverter}`]),
    ...(codec ? [`codec server ${withoutSecrets(codec.endpoint)}`] : []),
  ].join(' and ');
  try {
    const back = await inTime(roundTrip(converter));
    if (JSON.stringify(back) === JSON.stringify(PROBE)) return [ok(`${what}: what it encodes it decodes`)];
    return [
      error(
        `${what}: what it encodes it decodes as something else`,
        'is it the converter of the workers, and is nothing missing?',
      ),
    ];
  } catch (reason) {
    return [
      error(
        `${what}: ${withoutSecrets(reasonOf(reason))}`,
        codec
          ? 'start it, or correct `codec`: its endpoint, without /encode and /decode, and its auth; without it no result can be read'
          : 'correct the module: without it no result can be read',
      ),
    ];
  }
}

async function roundTrip(converter: DataConverter): Promise<unknown> {
  const loaded = loadDataConverter(converter);
  const [back] = await decodeArrayFromPayloads(loaded, await encodeToPayloads(loaded, PROBE));
  return back;
}

/** Removes the credentials and the query of URLs: they may contain a password or a token. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/\/\/[^/\s]*@/g, '//').replaceAll(/\?\S*/g, '');
}
