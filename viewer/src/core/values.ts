// Packed numbers to typed arrays.
import type { Compressed, Values } from "../generated/document";

type Arrays = { float32: Float32Array; uint8: Uint8Array; uint16: Uint16Array; uint32: Uint32Array; int32: Int32Array };

/** The numbers of `packed`, in C order. What is decoded once is remembered. */
export function unpack(packed: Values): Arrays[Values["dtype"]] {
  const known = decoded.get(packed);
  if (known) return known;
  const array = new MAKERS[packed.dtype](bytesOf(packed.data).buffer);
  decoded.set(packed, array);
  return array;
}

/** The numbers of what is compressed as well. */
export async function inflate({ dtype, data }: Compressed): Promise<Int8Array | Uint8Array> {
  const whole = new Blob([bytesOf(data)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { buffer } = new Uint8Array(await new Response(whole).arrayBuffer());
  return dtype === "int8" ? new Int8Array(buffer) : new Uint8Array(buffer);
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const MAKERS = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array };
const decoded = new WeakMap<Values, Arrays[Values["dtype"]]>();

/** The lowest and the highest; 0 and 1 of none. NaN is passed over. */
export function extent(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? NaN;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : [0, 1];
}
