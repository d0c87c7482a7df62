// Points to pixels: by WebGL, or on a plain canvas where there is none.
import { side, type Camera, type Size } from "./view";

/** What both do. Positions (N, 2) uint16, colours (N, 4) uint8, in the same order; sizes in device pixels. */
export interface Painter {
  readonly kind: "webgl" | "canvas" | "emulated"; // emulated: WebGL is there, but a program draws it, not a chip
  readonly canvas: HTMLCanvasElement;
  /** Points that can be drawn again sixty times a second; more are thinned while the map moves. */
  readonly fluid: number;
  positions(now: Uint16Array, before: Uint16Array): void;
  colours(rgba: Uint8Array): void;
  /** The first `count` points, `mix` of the way from where they were before, `size` wide. */
  draw(camera: Camera, window: Size, size: number, mix: number, count: number): void;
  free(): void;
}

const EMULATED = 50_000; // points up to which an emulated WebGL keeps up; a plain canvas does a million in its stead

/** A canvas that has once been asked for WebGL gives nothing else: where it fails, another is made. */
export function painter(count: number): Painter {
  const make = () => document.createElement("canvas");
  const found = webgl(make());
  if (found === null) return new Plain(make(), "canvas");
  if (found.fluid >= count) return found;
  found.free();
  return new Plain(make(), "emulated");
}

const VERTEX = `#version 300 es
in vec2 now, before; in vec4 colour; uniform vec2 centre, scale; uniform float size, share; out vec4 tint;
void main() {
  gl_Position = vec4((mix(before, now, share) - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  tint = colour;
}`;
const FRAGMENT = `#version 300 es
precision highp float; in vec4 tint; uniform float size; out vec4 pixel;
void main() {
  float rim = size < 3.0 ? 1.0 : clamp((0.5 - length(gl_PointCoord - 0.5)) * size, 0.0, 1.0);
  pixel = vec4(tint.rgb, 1.0) * (tint.a * rim);
}`;

function webgl(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: true });
  const program = gl?.createProgram();
  if (!gl || !program) return null;
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const [centre, scale, size, share] = ["centre", "scale", "size", "share"].map(uniform);
  const attribute = (name: string, width: number, type: number) => {
    const at = gl.getAttribLocation(program, name);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, type, true, 0, 0);
    return (data: Uint16Array | Uint8Array) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    };
  };
  const now = attribute("now", 2, gl.UNSIGNED_SHORT);
  const before = attribute("before", 2, gl.UNSIGNED_SHORT);
  const colour = attribute("colour", 4, gl.UNSIGNED_BYTE);
  const about = gl.getExtension("WEBGL_debug_renderer_info");
  const name = about ? String(gl.getParameter(about.UNMASKED_RENDERER_WEBGL)) : "";
  return {
    kind: "webgl",
    canvas,
    fluid: /swiftshader|llvmpipe|software|basic render/i.test(name) ? EMULATED : Infinity,
    positions(here, there) {
      now(here);
      before(there);
    },
    colours: colour,
    draw(camera, window, wide, mix, count) {
      const s = 2 * side(camera, window);
      gl.viewport(0, 0, window.width, window.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(centre!, camera.x, camera.y);
      gl.uniform2f(scale!, s / window.width, s / window.height);
      gl.uniform1f(size!, wide);
      gl.uniform1f(share!, mix);
      gl.drawArrays(gl.POINTS, 0, count);
    },
    free() {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** The same without WebGL: squares written into the canvas' own pixels, the faint ones first. */
class Plain implements Painter {
  readonly fluid = 300_000;
  private now: Uint16Array = new Uint16Array(0);
  private before: Uint16Array = new Uint16Array(0);
  private rgba: Uint32Array = new Uint32Array(0);

  constructor(readonly canvas: HTMLCanvasElement, readonly kind: "canvas" | "emulated") {}

  positions(now: Uint16Array, before: Uint16Array) {
    this.now = now;
    this.before = before;
  }

  colours(rgba: Uint8Array) {
    this.rgba = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
  }

  draw(camera: Camera, { width, height }: Size, size: number, mix: number, count: number) {
    const context = this.canvas.getContext("2d");
    if (!context || !width || !height) return;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const s = side(camera, { width, height }) / 65535;
    const [left, top] = [width / 2 - camera.x * 65535 * s, height / 2 + camera.y * 65535 * s];
    const wide = Math.max(1, Math.round(size));
    const half = (wide - 1) / 2;
    const round = wide > 3 ? (wide / 2) ** 2 : Infinity;
    const still = mix === 1;
    for (const faint of [true, false]) {
      for (let i = 0; i < count; i++) {
        const colour = this.rgba[i]!;
        if (colour >>> 24 < 128 !== faint) continue;
        let px = this.now[2 * i]!;
        let py = this.now[2 * i + 1]!;
        if (!still) {
          px = this.before[2 * i]! + (px - this.before[2 * i]!) * mix;
          py = this.before[2 * i + 1]! + (py - this.before[2 * i + 1]!) * mix;
        }
        const x = Math.round(left + px * s - half);
        const y = Math.round(top - py * s - half);
        if (x < 0 || y < 0 || x + wide > width || y + wide > height) continue;
        const at = y * width + x;
        if (wide === 1) pixels[at] = colour;
        else if (wide === 2) pixels[at] = pixels[at + 1] = pixels[at + width] = pixels[at + width + 1] = colour;
        else
          for (let r = 0; r < wide; r++)
            for (let c = 0; c < wide; c++) if ((r - half) ** 2 + (c - half) ** 2 <= round) pixels[at + r * width + c] = colour;
      }
    }
    context.putImageData(image, 0, 0);
  }

  free() {}
}
