/** JSON-RPC messages: some are right, most are wrong in one place, some everywhere. @module */
import fc from 'fast-check';
import { live, liveOf, type Live } from './markers.js';
import { json, object, text } from './values.js';

export type Version = '2025-11-25' | '2026-07-28';

/** A message as the text of a body or line, and whatever its headers repeat of it. */
export interface Message {
  readonly json: string;
  readonly method?: string;
  readonly name?: string;
}

const TOOLS = ['echo', 'strict', 'fail', 'plain', 'always', 'keyed', 'careful', 'ask', 'wait'] as const;

const METHODS = [
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'tools/call',
  'tasks/get',
  'tasks/result',
  'tasks/list',
  'tasks/cancel',
  'tasks/update',
  'subscriptions/listen',
  'resources/read',
  'resources/templates/list',
  'completion/complete',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/progress',
  'elicitation/create',
] as const;

const taskId = fc.oneof(live, text, json);
const aTask = (name: keyof Live): string => liveOf(name);

const accepted = fc.record(
  { action: fc.oneof(fc.constantFrom('accept', 'decline', 'cancel'), text), content: fc.oneof(object, json) },
  { requiredKeys: [] },
);
const inputResponses = fc.dictionary(
  fc.oneof(fc.constantFrom('input-1', 'before-start', '__proto__'), text),
  fc.oneof(accepted, json),
  {
    maxKeys: 4,
  },
);

const callParams = fc.record(
  {
    name: fc.oneof({ weight: 5, arbitrary: fc.constantFrom<unknown>(...TOOLS) }, { weight: 1, arbitrary: json }),
    arguments: fc.oneof(
      object,
      fc.record({ text, numbers: json, any: json }, { requiredKeys: ['text'] }),
      fc.record({ code: text, list: json, day: text, mode: json }, { requiredKeys: ['code'] }),
      fc.record({ key: text, value: json }),
      json,
    ),
    task: fc.oneof(fc.constant({}), fc.record({ ttl: json }), json),
    requestState: fc.oneof(live, text, json),
    inputResponses: fc.oneof(inputResponses, json),
  },
  { requiredKeys: ['name'] },
);

const params: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: callParams },
  { weight: 4, arbitrary: fc.record({ taskId }) },
  {
    weight: 2,
    arbitrary: fc.record({ taskId: fc.constant(aTask('asking')), inputResponses: fc.oneof(inputResponses, json) }),
  },
  { weight: 2, arbitrary: fc.record({ cursor: fc.oneof(live, text, json) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      uri: fc.oneof(
        text,
        live.map((id) => `mcp-task://${id}/result?offset=-1`),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ requestId: fc.oneof(fc.nat(50), text, json), reason: json }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { taskIds: fc.oneof(fc.array(taskId, { maxLength: 5 }), json), notifications: object, toolsListChanged: json },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ protocolVersion: text, capabilities: json, clientInfo: json }) },
  { weight: 2, arbitrary: json },
);

const id = fc.oneof(
  { weight: 8, arbitrary: fc.nat(1_000_000) },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: fc.constant(liveOf('question')) },
);

const meta = (version: Version): fc.Arbitrary<unknown> => {
  const progressToken = fc.oneof(fc.nat(), text, json);
  if (version === '2025-11-25') return fc.record({ progressToken });
  const right = {
    'io.modelcontextprotocol/protocolVersion': fc.oneof(
      { weight: 9, arbitrary: fc.constant<unknown>('2026-07-28') },
      { weight: 1, arbitrary: json },
    ),
    'io.modelcontextprotocol/clientInfo': fc.oneof(
      { weight: 9, arbitrary: fc.constant<unknown>({ name: 'fuzz', version: '0' }) },
      { weight: 1, arbitrary: json },
    ),
    'io.modelcontextprotocol/clientCapabilities': fc.oneof(
      fc.constant<unknown>({ extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } }),
      fc.constant<unknown>({ elicitation: {} }),
      fc.constant<unknown>({}),
      json,
    ),
    progressToken,
  };
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(right) },
    { weight: 1, arbitrary: fc.record(right, { requiredKeys: [] }) },
    { weight: 1, arbitrary: json },
  );
};

/** A message that a server may take for one: the right members, with values that may be wrong. */
const likely = (version: Version): fc.Arbitrary<Message> =>
  fc
    .record({
      id,
      method: fc.oneof({ weight: 12, arbitrary: fc.constantFrom<string>(...METHODS) }, { weight: 1, arbitrary: text }),
      params,
      _meta: fc.option(meta(version), { freq: version === '2026-07-28' ? 20 : 2, nil: undefined }),
    })
    .map(({ method, params: given, _meta, ...rest }) => ({
      json: stringify({
        jsonrpc: '2.0',
        ...rest,
        method,
        params: isObject(given) && _meta !== undefined ? { ...given, _meta } : given,
      }),
      method,
      ...nameOf(given),
    }));

/** A reply to a question, as a client would send it. */
const reply: fc.Arbitrary<Message> = fc
  .record({
    id: fc.oneof(fc.constant(liveOf('question')), live, id),
    with: fc.oneof(accepted, json),
    fails: fc.boolean(),
  })
  .map(({ id: to, with: value, fails }) => ({
    json: stringify({ jsonrpc: '2.0', id: to, ...(fails ? { error: value } : { result: value }) }),
  }));

/** An object, a batch or anything else. */
const unlikely: fc.Arbitrary<Message> = fc
  .oneof(
    fc.record(
      { jsonrpc: fc.oneof(fc.constant('2.0'), json), id, method: json, params: json, result: json, error: json },
      { requiredKeys: [] },
    ),
    fc.array(json, { maxLength: 4 }),
    json,
  )
  .map((value) => ({ json: stringify(value) }));

/** A likely message whose text is damaged. */
const damaged = (version: Version): fc.Arbitrary<Message> =>
  fc
    .tuple(
      likely(version),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(5),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    .map(([message, where, removed, added]) => {
      const at = Math.floor(where * message.json.length);
      return { ...message, json: message.json.slice(0, at) + added + message.json.slice(at + removed) };
    });

/** Any message of a client that speaks `version`. */
export const message = (version: Version): fc.Arbitrary<Message> =>
  fc.oneof(
    { weight: 10, arbitrary: likely(version) },
    { weight: 1, arbitrary: reply },
    { weight: 1, arbitrary: unlikely },
    { weight: 2, arbitrary: damaged(version) },
  );

/** Names such as `__proto__` must reach the text. */
function stringify(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(given: unknown): { name?: string } {
  const name = isObject(given) ? (given['taskId'] ?? given['name'] ?? given['uri']) : undefined;
  return typeof name === 'string' ? { name } : {};
}
