/** JSON-RPC messages: some are valid, most are wrong in one place, some everywhere. @module */
import fc from 'fast-check';
import { live, liveOf } from './markers.js';
import { json, object, text } from './values.js';

export type Version = '2025-11-25' | '2026-07-28';

/** A message as the text of a body or line, and whatever its headers repeat of it. */
export interface Message {
  readonly json: string;
  readonly method?: string;
  readonly name?: string;
}

const TOOLS = ['echo', 'strict', 'fail', 'plain', 'always', 'keyed', 'careful', 'ask', 'wait'] as const;

/** Methods that take no parameters worth fuzzing, or that the servers do not have. */
const OTHER_METHODS = [
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'tasks/list',
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

/** A task's ID, usually a valid one. */
const taskId = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(liveOf('done'), liveOf('asking'), liveOf('waiting')) },
  { weight: 1, arbitrary: fc.constant(liveOf('foreign')) },
  { weight: 2, arbitrary: live },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: json },
);
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

/** Calls that are valid except for some of their values. */
const rightCall = fc.oneof(
  fc.record({ name: fc.constant('echo'), arguments: fc.record({ text, any: json }, { requiredKeys: ['text'] }) }),
  fc.record({ name: fc.constant('keyed'), arguments: fc.record({ key: text, value: json }) }),
  fc.record({ name: fc.constant('fail'), arguments: fc.record({ text }) }),
  fc.record({ name: fc.constant('strict'), arguments: fc.record({ code: fc.constantFrom('a', 'a-b'), list: json }) }),
  fc.record(
    {
      name: fc.constantFrom('plain', 'always', 'careful', 'ask', 'wait'),
      arguments: fc.constant({}),
      task: fc.oneof(fc.constant({}), fc.record({ ttl: json })),
      requestState: fc.oneof(fc.constantFrom(liveOf('state'), liveOf('taskState')), live),
      inputResponses,
    },
    { requiredKeys: ['name', 'arguments'] },
  ),
);

const updateParams = fc.record({
  taskId: fc.oneof(fc.constant(liveOf('asking')), taskId),
  inputResponses: fc.oneof(inputResponses, json),
});

const otherParams: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ cursor: fc.oneof(live, text, json) }),
  fc.record({
    uri: fc.oneof(
      text,
      live.map((id) => `mcp-task://${id}/result?offset=-1`),
    ),
  }),
  fc.record({ requestId: fc.oneof(fc.nat(50), text, json), reason: json }),
  fc.record(
    { taskIds: fc.oneof(fc.array(taskId, { maxLength: 5 }), json), notifications: object, toolsListChanged: json },
    { requiredKeys: [] },
  ),
  fc.record({ protocolVersion: text, capabilities: json, clientInfo: json }),
  json,
);

/** A method with parameters that it may have, or with those of another one. */
const request: fc.Arbitrary<{ method: string; params: unknown }> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ method: fc.constant('tools/call'), params: callParams }) },
  { weight: 8, arbitrary: fc.record({ method: fc.constant('tools/call'), params: rightCall }) },
  {
    weight: 8,
    arbitrary: fc.record({
      method: fc.constantFrom('tasks/get', 'tasks/result', 'tasks/cancel'),
      params: fc.record({ taskId }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ method: fc.constant('tasks/update'), params: updateParams }) },
  {
    weight: 4,
    arbitrary: fc.record({ method: fc.constantFrom<string>(...OTHER_METHODS), params: otherParams }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      method: fc.oneof(fc.constantFrom<string>('tools/call', 'tasks/get', ...OTHER_METHODS), text),
      params: fc.oneof<fc.Arbitrary<unknown>[]>(callParams, updateParams, otherParams),
    }),
  },
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

/** A plausible message: the right members, with values that may be wrong. */
const likely = (version: Version): fc.Arbitrary<Message> =>
  fc
    .record({
      id,
      request,
      _meta: fc.option(meta(version), { freq: version === '2026-07-28' ? 20 : 2, nil: undefined }),
    })
    .map(({ request: { method, params: given }, _meta, ...rest }) => ({
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
