/**
 * Payloads as JSON, in the form that codec servers take and return. Pure.
 * https://docs.temporal.io/codec-server
 * @module
 */
import type { Payload } from '@temporalio/common';
import { z } from 'zod';

const base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

const JsonPayloads = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).nullish(), data: base64.nullish() })),
});

/** Reads the body of a request or an answer; `undefined` if it is not one with payloads. */
export function payloadsIn(body: string): Payload[] | undefined {
  const parsed = JsonPayloads.safeParse(json(body));
  return parsed.data?.payloads.map(({ metadata, data }) => ({ metadata: metadata ?? null, data: data ?? null }));
}

/** Returns the body with these payloads. */
export function bodyWith(payloads: readonly Payload[]): string {
  return JSON.stringify({ payloads: payloads.map(toJson) });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toJson({ metadata, data }: Payload): object {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)])),
    data: text(data ?? new Uint8Array()),
  };
}
