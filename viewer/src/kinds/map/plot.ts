// A scatter of many points that stays fluid: draws, pans, zooms, finds the point under the pointer, takes a lasso.
import { inside, Near, towards, type Direction } from "./near";
import { painter, type Painter } from "./painter";
import { fitted, panned, pointSize, side, toMap, toPixel, WHOLE, zoomed, type Box, type Camera } from "./view";

/** What is marked besides the points. rings: few points worth a ring. lines: from one point to others. */
export type Marks = { hover: number; point: number; near: Uint32Array | null; rings: Uint32Array | null; names: { text: string; x: number; y: number }[] };

export type Listener = {
  hover: (point: number, x: number, y: number) => void;
  pick: (point: number) => void;
  lasso: (points: Uint32Array, add: boolean) => void;
};

const NOTHING: Marks = { hover: -1, point: -1, near: null, rings: null, names: [] };
const REACH = 14; // pixels from a point within which it is meant
const MORPH = 700; // ms from one step's map to the next

export class Plot {
  readonly kind: Painter["kind"];
  private readonly over = document.createElement("canvas"); // rings, lines, names, the lasso
  private readonly brush: Painter;
  private readonly under: HTMLCanvasElement;
  private readonly watch: ResizeObserver;
  private readonly order: Uint32Array; // points are drawn in an order that means nothing
  private camera: Camera = { x: 0.5, y: 0.5, zoom: 1 };
  private box: Box = WHOLE;
  private moved = false; // by the reader: a window that changes its size then leaves the camera alone
  private window = { width: 0, height: 0 }; // css pixels
  private ratio = 1;
  private now: Uint16Array = new Uint16Array(0);
  private near: Near | null = null;
  private marks = NOTHING;
  private line: number[] | null = null;
  private frame = 0;
  private rest = 0;
  private still = true;
  private since = -Infinity; // when the morph began
  lasso = false;

  constructor(private readonly home: HTMLElement, private readonly count: number, private readonly listener: Listener) {
    this.brush = painter(count);
    this.under = this.brush.canvas;
    this.kind = this.brush.kind;
    for (const canvas of [this.under, this.over]) {
      canvas.setAttribute("aria-hidden", "true");
      canvas.className = "fill";
      home.append(canvas);
    }
    this.order = shuffled(count);
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(home);
    home.addEventListener("pointerdown", this.down);
    home.addEventListener("pointermove", this.move);
    home.addEventListener("pointerup", this.up);
    home.addEventListener("pointerleave", this.leave);
    home.addEventListener("wheel", this.wheel, { passive: false });
    this.measure();
  }

  free() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    this.watch.disconnect();
    this.brush.free();
    for (const canvas of [this.under, this.over]) canvas.remove();
    this.home.removeEventListener("pointerdown", this.down);
    this.home.removeEventListener("pointermove", this.move);
    this.home.removeEventListener("pointerup", this.up);
    this.home.removeEventListener("pointerleave", this.leave);
    this.home.removeEventListener("wheel", this.wheel);
  }

  /** (N, 2) of 0..65535; from the second time on the points travel there. */
  setPositions(positions: Uint16Array) {
    if (positions === this.now) return;
    const first = this.now.length === 0;
    const before = first ? positions : this.now;
    this.now = positions;
    this.near = null;
    const calm = first || this.count > this.brush.fluid || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.brush.positions(this.sorted(positions, 2), this.sorted(calm ? positions : before, 2));
    this.since = calm ? -Infinity : performance.now();
    this.ask(!calm);
  }

  /** (N, 4) of 0..255. */
  setColours(rgba: Uint8Array) {
    this.brush.colours(this.sorted(rgba, 4));
    this.ask();
  }

  setMarks(marks: Marks) {
    this.marks = marks;
    this.ask(false, false);
  }

  zoom(factor: number) {
    this.moved = true;
    this.camera = zoomed(this.camera, this.window, factor);
    this.ask(true);
  }

  reset() {
    this.moved = false;
    this.camera = fitted(this.box, this.window);
    this.ask(true);
  }

  /** What the whole map is. */
  setBox(box: Box) {
    this.box = box;
    this.reset();
  }

  /** The point to go to with an arrow key; it is brought into the window. */
  step(from: number, way: Direction): number {
    const to = from < 0 ? this.index().at(65535 * this.camera.x, 65535 * this.camera.y, 1e6) : towards(this.now, from, way);
    this.show(to);
    return to;
  }

  /** Moves the window so that a point is in it. */
  show(point: number) {
    if (point < 0) return;
    const [x, y] = this.pixel(point);
    if (x < 0 || y < 0 || x > this.window.width || y > this.window.height) {
      this.camera = { ...this.camera, x: this.now[2 * point]! / 65535, y: this.now[2 * point + 1]! / 65535 };
      this.ask();
    }
  }

  /** Where a point is in the window, css pixels. */
  pixel(point: number): [number, number] {
    return toPixel(this.camera, this.window, this.now[2 * point]!, this.now[2 * point + 1]!);
  }

  private index(): Near {
    this.near ??= new Near(this.now);
    return this.near;
  }

  private pointed(event: PointerEvent): number {
    const [x, y] = toMap(this.camera, this.window, event.offsetX, event.offsetY);
    const reach = Math.max(REACH, pointSize(this.count, this.camera, this.window) / 2 + 2);
    return this.index().at(x, y, (65535 * reach) / side(this.camera, this.window));
  }

  private down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    this.home.setPointerCapture(event.pointerId);
    this.start = [event.offsetX, event.offsetY];
    if (this.lasso || event.shiftKey) this.line = [event.offsetX, event.offsetY];
  };
  private start: [number, number] | null = null;
  private dragged = false;

  private move = (event: PointerEvent) => {
    if (this.line) {
      const [x, y] = this.line.slice(-2);
      if (Math.hypot(event.offsetX - x!, event.offsetY - y!) > 3) this.line.push(event.offsetX, event.offsetY);
      this.ask(false, false);
    } else if (this.start) {
      const [dx, dy] = [event.offsetX - this.start[0], event.offsetY - this.start[1]];
      if (!this.dragged && Math.hypot(dx, dy) < 4) return;
      if (!this.dragged) this.listener.hover(-1, 0, 0);
      this.dragged = this.moved = true;
      this.start = [event.offsetX, event.offsetY];
      this.camera = panned(this.camera, this.window, dx, dy);
      this.ask(true);
    } else this.listener.hover(this.pointed(event), event.offsetX, event.offsetY);
  };

  private up = (event: PointerEvent) => {
    if (this.line && this.line.length > 6) {
      const corners: number[] = [];
      for (let i = 0; i < this.line.length; i += 2) corners.push(...toMap(this.camera, this.window, this.line[i]!, this.line[i + 1]!));
      this.listener.lasso(inside(this.now, corners), event.ctrlKey || event.metaKey);
    } else if (this.start && !this.dragged) this.listener.pick(this.pointed(event));
    this.line = null;
    this.start = null;
    this.dragged = false;
    this.ask(false, false);
  };

  private leave = () => {
    if (!this.start) this.listener.hover(-1, 0, 0);
  };

  private wheel = (event: WheelEvent) => {
    event.preventDefault();
    this.moved = true;
    this.camera = zoomed(this.camera, this.window, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
    this.ask(true);
  };

  private measure() {
    const { clientWidth: width, clientHeight: height } = this.home;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.window = { width, height };
    for (const canvas of [this.under, this.over]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    if (!this.moved) this.camera = fitted(this.box, this.window);
    this.ask();
  }

  private sorted<T extends Uint16Array | Uint8Array>(values: T, each: number): T {
    const out = values.slice() as T;
    for (let k = 0; k < this.count; k++) {
      const i = this.order[k]!;
      for (let e = 0; e < each; e++) out[each * k + e] = values[each * i + e]!;
    }
    return out;
  }

  /** Draw with the next frame. moving: thinned where there are too many points, and whole as soon as all is still. */
  private ask(moving = false, points = true) {
    this.stale ||= points;
    if (moving && this.count > this.brush.fluid) {
      this.still = false;
      clearTimeout(this.rest);
      this.rest = window.setTimeout(() => {
        this.still = true;
        this.ask();
      }, 160);
    }
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private drawn = "";
  private stale = true; // the points; what lies over them is drawn with every frame

  private draw() {
    const mix = Math.min(1, (performance.now() - this.since) / MORPH);
    const count = this.still ? this.count : Math.min(this.count, this.brush.fluid);
    const wide = pointSize(this.count, this.camera, this.window);
    const window = { width: this.under.width, height: this.under.height };
    if (this.stale && this.now.length && window.width) {
      this.brush.draw(this.camera, window, wide * this.ratio, mix * mix * (3 - 2 * mix), count);
      this.stale = false;
    }
    this.overlay(wide);
    if (mix < 1) this.ask();
    const drawn = `${count === this.count && mix === 1 ? "all" : "some"}`;
    if (drawn !== this.drawn) this.home.dataset.drawn = this.drawn = drawn;
  }

  private overlay(wide: number) {
    const c = this.over.getContext("2d");
    if (!c) return;
    const style = getComputedStyle(this.home);
    const [ink, paper] = [style.color, style.backgroundColor];
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.window.width, this.window.height);
    const ring = (point: number, radius: number, width: number, colour: string) => {
      const [x, y] = this.pixel(point);
      c.beginPath();
      c.arc(x, y, radius, 0, 2 * Math.PI);
      c.lineWidth = width;
      c.strokeStyle = colour;
      c.stroke();
    };
    const { hover, point, near, rings, names } = this.marks;
    c.globalAlpha = 0.5;
    for (const i of rings ?? []) ring(i, wide / 2 + 1.5, 1, ink);
    c.globalAlpha = 1;
    if (point >= 0 && near) {
      const [x, y] = this.pixel(point);
      c.lineWidth = 1;
      c.strokeStyle = ink;
      for (const i of near) {
        const [a, b] = this.pixel(i);
        c.beginPath();
        c.moveTo(x, y);
        c.lineTo(a, b);
        c.globalAlpha = 0.55;
        c.stroke();
        c.globalAlpha = 1;
        ring(i, wide / 2 + 2.5, 1.5, ink);
      }
    }
    c.font = `600 12px ${style.fontFamily}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.lineJoin = "round";
    const taken: [number, number, number][] = []; // names that are there already: one under another is not written
    for (const { text, x, y } of names) {
      const [a, b] = toPixel(this.camera, this.window, x, y);
      const half = c.measureText(text).width / 2;
      if (taken.some(([p, q, h]) => Math.abs(q - b) < 15 && Math.abs(p - a) < h + half + 4)) continue;
      taken.push([a, b, half]);
      c.lineWidth = 4;
      c.strokeStyle = paper;
      c.strokeText(text, a, b);
      c.fillStyle = ink;
      c.fillText(text, a, b);
    }
    for (const i of [point, hover]) {
      if (i < 0) continue;
      ring(i, wide / 2 + 4, 4, paper);
      ring(i, wide / 2 + 4, 2, ink);
    }
    if (this.line) {
      c.beginPath();
      for (let i = 0; i < this.line.length; i += 2) c.lineTo(this.line[i]!, this.line[i + 1]!);
      c.closePath();
      c.fillStyle = ink;
      c.globalAlpha = 0.08;
      c.fill();
      c.globalAlpha = 1;
      c.lineWidth = 1.5;
      c.strokeStyle = ink;
      c.setLineDash([5, 4]);
      c.stroke();
      c.setLineDash([]);
    }
  }
}

/** 0..count-1 in an order that is the same every time. */
function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let seed = 1;
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((seed / 4294967296) * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
