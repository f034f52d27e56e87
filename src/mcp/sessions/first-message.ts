/** Notices the first message to a client over stdio. @module */

/** The part of both SDKs' transports that sends. */
export interface Sender {
  send(...message: never[]): Promise<void>;
}

/** Calls `then` after the transport has sent a message. Later messages call it again. */
export function afterFirstMessage(transport: Sender, then: () => void): void {
  const send = transport.send.bind(transport);
  transport.send = async (...message) => {
    await send(...message);
    then();
  };
}
