/** The contestants that several rows share. @module */
import type { Round } from '../harness/rounds.js';
import { LIMIT, OURS } from '../harness/figures.js';
import type { Contestant } from './contestant.js';
import { Mcp2025 } from './mcp-2025.js';
import { Mcp2026 } from './mcp-2026.js';
import { STORE } from './peers.js';
import type { Rig } from './rig.js';

/** Which protocol ours is called in. */
export type Version = '2025-11-25' | '2026-07-28';

/** Starts ours, bare Temporal, and those of the peers that can run here. */
export async function startContestants(
  rig: Rig,
  version: Version,
  peers: readonly string[],
): Promise<Readonly<Record<string, Contestant>>> {
  const started: Record<string, Contestant> = {};
  const { http } = await rig.ours();
  started[OURS] = version === '2026-07-28' ? new Mcp2026(http) : await Mcp2025.begin(http);
  started[LIMIT] = await rig.bare();
  for (const name of peers) {
    const peer = await rig.peer(name);
    if (peer) started[name] = name === STORE ? await Mcp2025.begin(peer.http) : new Mcp2026(peer.http);
  }
  return started;
}

/** Measures all contestants in the same way. */
export function inTheSameWay(
  contestants: Readonly<Record<string, Contestant>>,
  measure: (contestant: Contestant) => ReturnType<Round>,
): Readonly<Record<string, Round>> {
  return Object.fromEntries(
    Object.entries(contestants).map(([name, contestant]) => [name, async () => await measure(contestant)]),
  );
}
