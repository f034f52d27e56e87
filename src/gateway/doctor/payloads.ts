/** Checks that the codec server or the workers' data converter can encode and decode payloads. @module */
import type { DataConverter } from '@temporalio/client';
import type { Encoding } from '../connection.js';
import { error, inTime, ok, reasonOf, type Finding } from './finding.js';
import { decodeArrayFromPayloads, encodeToPayloads, loadDataConverter } from '../../temporal/seam.js';

const PROBE = { mcpTasks: 'doctor' };

/** Encodes and decodes a probe. Nothing is sent to Temporal. */
export async function payloadFindings(
  converter: DataConverter | undefined,
  { codec, dataConverter, encryption }: Encoding,
): Promise<Finding[]> {
  if (!converter) return [];
  const what = [
    ...(dataConverter === undefined ? [] : [`data converter ${dataConverter}`]),
    ...((encryption ?? (!codec && dataConverter === undefined)) ? ['encryption'] : []),
    ...(codec ? [`codec server ${withoutSecrets(codec.endpoint)}`] : []),
  ].join(' and ');
  try {
    const back = await inTime(roundTrip(converter));
    if (JSON.stringify(back) === JSON.stringify(PROBE)) return [ok(`${what}: encoded and decoded a test payload`)];
    return [
      error(
        `${what}: decoded its own test payload to something else`,
        'check that it is complete, and the same as the workers use',
      ),
    ];
  } catch (reason) {
    return [
      error(
        `${what}: ${withoutSecrets(reasonOf(reason))}`,
        codec
          ? 'start the codec server, or correct `codec.endpoint` (without /encode and /decode) and `codec.auth`: without it, no result is readable'
          : 'fix the module: without it, no result is readable',
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
