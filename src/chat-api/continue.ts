import type { Socket } from "node:net";

/** `100 Continue`: any server may send it before its answer, and undici takes it for an error where it was not asked for. */

const CONTINUE = Buffer.from("HTTP/1.1 100");
const END_OF_HEAD = "\r\n\r\n";
/** A head longer than this many bytes is left to the HTTP parser, which refuses it. */
const MOST_HEAD_BYTES = 16 * 1024;

/** Makes a socket drop every `100 Continue` before an answer, however it is cut into pieces. */
export function passOverContinue(socket: Socket): void {
  const read = socket.read.bind(socket);
  let sentBefore = 0;
  /** The answer's first bytes, as long as they can be a `100 Continue`; undefined in the middle of an answer. */
  let beginning: Buffer | undefined;
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size);
    if (!chunk) return null;
    if (socket.bytesWritten > sentBefore) beginning = Buffer.alloc(0); // a request went out, so an answer begins
    sentBefore = socket.bytesWritten;
    if (!beginning) return chunk;
    const rest = withoutContinue(Buffer.concat([beginning, chunk]));
    beginning = mayBeContinue(rest) ? rest : undefined;
    return beginning ? null : rest;
  };
}

function withoutContinue(answer: Buffer): Buffer {
  let rest = answer;
  while (rest.subarray(0, CONTINUE.length).equals(CONTINUE)) {
    const end = rest.indexOf(END_OF_HEAD);
    if (end < 0) return rest;
    rest = rest.subarray(end + END_OF_HEAD.length);
  }
  return rest;
}

function mayBeContinue(answer: Buffer): boolean {
  const length = Math.min(answer.length, CONTINUE.length);
  return answer.length < MOST_HEAD_BYTES && answer.subarray(0, length).equals(CONTINUE.subarray(0, length));
}
