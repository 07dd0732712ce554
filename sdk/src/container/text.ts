/** Text of the container: well-formed UTF-8 that does not begin with a byte order mark (`spec/container.md` § 1). */

let decoder: TextDecoder | undefined;
let encoder: TextEncoder | undefined;

/** The text, or undefined when the bytes are not text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return undefined;
  decoder ??= new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** UTF-8 of `text`, or undefined when it has a lone surrogate or begins with a byte order mark. */
export function encodeText(text: string): Uint8Array | undefined {
  encoder ??= new TextEncoder();
  const bytes = encoder.encode(text);
  return decodeText(bytes) === text ? bytes : undefined;
}
