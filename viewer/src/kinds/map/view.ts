// Where the reader looks: a camera over the unit square, and the way between pixels and the map.

/** x, y: the map's point in the middle of the window, 0..1, y upwards. zoom: 1 shows the whole square. */
export type Camera = { x: number; y: number; zoom: number };
export type Size = { width: number; height: number };

export const WHOLE: Box = [0, 0, 65535, 65535];
const ROOM = 0.93; // of the shorter side: a point on the rim is seen whole

/** x and y from and to, 0..65535, of what should be in the window. */
export type Box = readonly [left: number, low: number, right: number, high: number];

export function boxOf(maps: readonly Uint16Array[]): Box {
  let [left, low, right, high] = [65535, 65535, 0, 0];
  for (const positions of maps) {
    for (let i = 0; i < positions.length; i += 2) {
      left = Math.min(left, positions[i]!);
      right = Math.max(right, positions[i]!);
      low = Math.min(low, positions[i + 1]!);
      high = Math.max(high, positions[i + 1]!);
    }
  }
  return [left, low, right, high];
}

/** The camera that shows a box as large as the window allows. */
export function fitted([left, low, right, high]: Box, { width, height }: Size): Camera {
  const shorter = Math.min(width, height) || 1;
  const zoom = Math.min((width / shorter) * (65535 / Math.max(1, right - left)), (height / shorter) * (65535 / Math.max(1, high - low)));
  return { x: (left + right) / 2 / 65535, y: (low + high) / 2 / 65535, zoom: Math.min(20, zoom) };
}

/** Pixels that the map's whole side takes. */
export const side = (camera: Camera, { width, height }: Size) => Math.min(width, height) * ROOM * camera.zoom;

/** A point of the map, 0..65535, in pixels of the window. */
export function toPixel(camera: Camera, size: Size, x: number, y: number): [number, number] {
  const s = side(camera, size);
  return [size.width / 2 + (x / 65535 - camera.x) * s, size.height / 2 - (y / 65535 - camera.y) * s];
}

/** The other way round. */
export function toMap(camera: Camera, size: Size, px: number, py: number): [number, number] {
  const s = side(camera, size);
  return [65535 * (camera.x + (px - size.width / 2) / s), 65535 * (camera.y - (py - size.height / 2) / s)];
}

/** Nearer or farther, the place under the pixel staying where it is. */
export function zoomed(camera: Camera, size: Size, factor: number, px = size.width / 2, py = size.height / 2): Camera {
  const zoom = Math.min(400, Math.max(0.5, camera.zoom * factor));
  const [x, y] = toMap(camera, size, px, py);
  const s = side({ ...camera, zoom }, size);
  return { zoom, x: x / 65535 - (px - size.width / 2) / s, y: y / 65535 + (py - size.height / 2) / s };
}

export function panned(camera: Camera, size: Size, dx: number, dy: number): Camera {
  const s = side(camera, size);
  return { ...camera, x: camera.x - dx / s, y: camera.y + dy / s };
}

/** Width of a point in pixels: a crowd is drawn finer, and grows as one comes nearer. */
export function pointSize(count: number, camera: Camera, size: Size): number {
  const wide = (0.3 * Math.min(size.width, size.height)) / Math.sqrt(Math.max(1, count));
  return Math.min(22, Math.max(1.3, Math.min(9, wide)) * Math.max(1, camera.zoom) ** 0.4);
}
