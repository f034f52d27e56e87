/** The protocol versions that this package serves. Nothing else names one. @module */
import { version2025 } from './2025-11-25/index.js';
import { version2026 } from './2026-07-28/index.js';
import type { ProtocolVersion } from './version.js';

/** From the oldest to the newest. */
export const VERSIONS: readonly ProtocolVersion[] = [version2025, version2026];

/**
 * Picks the version in which to serve a client.
 * @param stated how the client stated its version
 * @param name the version that it stated, if known
 * @returns the version of that name, or else the oldest that is stated this way: the SDK also serves versions that are
 * older than tasks
 */
export function pickVersion(
  versions: readonly ProtocolVersion[],
  stated: ProtocolVersion['stated'],
  name?: string | null,
): ProtocolVersion {
  const fitting = versions.filter((version) => version.stated === stated);
  const picked = fitting.find((version) => version.name === name) ?? fitting[0];
  if (!picked) throw new Error(`no protocol version is stated ${stated}`);
  return picked;
}

/**
 * Returns whether a request states its version itself, so that it belongs to no session.
 * @param header the request's `MCP-Protocol-Version`
 */
export function isStatedInRequests(versions: readonly ProtocolVersion[], header: string | null): boolean {
  return header !== null && versionNamed(versions, header.trim())?.stated === 'in-requests';
}

/** Returns the version that client and server have agreed on, or `undefined` if it is older than tasks. */
export function versionNamed(versions: readonly ProtocolVersion[], name: string): ProtocolVersion | undefined {
  return versions.find((version) => version.name === name);
}
