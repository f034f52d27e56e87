/** JSON responses whose text is known, so that it can be counted and sent without reading a stream. @module */

const texts = new WeakMap<Response, string>();

/** Returns a JSON response. */
export function wholeAnswer(message: object, status = 200): Response {
  const text = JSON.stringify(message);
  const response = new Response(text, { status, headers: { 'content-type': 'application/json' } });
  texts.set(response, text);
  return response;
}

/** Returns the text of a response that {@link wholeAnswer} made; `undefined` for any other. */
export function wholeText(response: Response): string | undefined {
  return texts.get(response);
}
