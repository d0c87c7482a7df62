// Cells that are on over a range, and where they are on again: the search of `deepro match`, on the bytes in the page.

/** States of one place over several sequences. values: (U, T) bytes of each, row by row. */
export type Corpus = { units: number; lengths: readonly number[]; values: readonly Uint8Array[] };

export type On = { row: number; threshold: number; sign: 1 | -1; room: number; share: number };
export type Run = { sequence: number; start: number; stop: number; share: number };
export type Enriched = { track: string; hits: number; matches: number; share: number; corpus: number; lift: number; p: number };

const SAMPLE = 20_000;

export type Wish = { sequence: number; start: number; stop: number; most: number; before: boolean; after: boolean; distance?: number | undefined };

/** The same cells with the reader's own thresholds in bytes, by row, and the share of steps in which each is on by it. */
export function withOwn(corpus: Corpus, cells: readonly On[], own: ReadonlyMap<number, number>): On[] {
  return cells.map((cell) => {
    const threshold = own.get(cell.row);
    return threshold === undefined ? cell : { ...cell, threshold, share: statistics(corpus, cell.row).above(threshold, cell.sign) };
  });
}

/**
 * The cells on through the whole range, those that stand out most first: rare ones, well beyond their thresholds.
 * The suggested threshold lies half way between a cell's median and its weakest step in the range; with `distance` it
 * lies that many bytes from the median.
 */
export function select(corpus: Corpus, wish: Wish): On[] {
  const own = corpus.values[wish.sequence];
  const steps = corpus.lengths[wish.sequence] ?? 0;
  if (!own) return [];
  const found: On[] = [];
  for (let row = 0; row < corpus.units; row++) {
    const { median, deviation, above } = statistics(corpus, row);
    const part = own.subarray(row * steps + wish.start, row * steps + wish.stop);
    const mean = part.reduce((sum, v) => sum + v, 0) / part.length;
    const sign = mean >= median ? 1 : -1;
    const weakest = part.reduce((kept, v) => (sign > 0 ? Math.min(kept, v) : Math.max(kept, v)), part[0] ?? 0);
    const threshold = wish.distance === undefined ? (median + weakest) / 2 : median + sign * wish.distance;
    const on = (v: number) => (v - threshold) * sign > 0;
    const room = ((weakest - threshold) * sign) / (deviation + 1e-9);
    if (!part.every(on) || room <= 0) continue;
    if (wish.before && wish.start > 0 && on(own[row * steps + wish.start - 1] ?? 0)) continue;
    if (wish.after && wish.stop < steps && on(own[row * steps + wish.stop] ?? 0)) continue;
    found.push({ row, threshold, sign, room, share: above(threshold, sign) });
  }
  const weight = (one: On) => -Math.log(one.share + 1e-9) * one.room;
  return found.sort((a, b) => weight(b) - weight(a) || a.row - b.row).slice(0, wish.most);
}

type Statistics = { median: number; deviation: number; above: (threshold: number, sign: number) => number };

const known = new WeakMap<Corpus, Map<number, Statistics>>();

/** What a row does over the whole corpus: worked out once, however often the reader moves the range. */
function statistics(corpus: Corpus, row: number): Statistics {
  const rows = known.get(corpus) ?? new Map<number, Statistics>();
  known.set(corpus, rows);
  const found = rows.get(row) ?? measured(corpus, row);
  rows.set(row, found);
  return found;
}

/** Work out what every row does, leaving the page time to answer in between. */
export async function prepare(corpus: Corpus): Promise<void> {
  let begun = performance.now();
  for (let row = 0; row < corpus.units; row++) {
    statistics(corpus, row);
    if (performance.now() - begun < 30) continue;
    await new Promise((go) => setTimeout(go));
    begun = performance.now();
  }
}

function measured(corpus: Corpus, row: number): Statistics {
  const stride = Math.max(1, Math.floor(corpus.lengths.reduce((sum, n) => sum + n, 0) / SAMPLE));
  const counts = new Float64Array(256);
  const every = new Float64Array(256);
  let [sampled, total] = [0, 0];
  corpus.values.forEach((values, n) => {
    const steps = corpus.lengths[n] ?? 0;
    for (let step = 0; step < steps; step++) {
      const byte = values[row * steps + step] ?? 0;
      every[byte] = (every[byte] ?? 0) + 1;
      if (total++ % stride === 0) {
        counts[byte] = (counts[byte] ?? 0) + 1;
        sampled++;
      }
    }
  });
  let [below, median, sum, squares] = [0, -1, 0, 0];
  let upper = -1;
  for (let byte = 0; byte < 256; byte++) {
    below += counts[byte] ?? 0;
    if (median < 0 && below >= sampled / 2) median = byte;
    if (upper < 0 && below > sampled / 2) upper = byte;
    sum += byte * (every[byte] ?? 0);
    squares += byte * byte * (every[byte] ?? 0);
  }
  const mean = sum / total;
  const above = (threshold: number, sign: number) => {
    let n = 0;
    for (let byte = 0; byte < 256; byte++) if ((byte - threshold) * sign > 0) n += every[byte] ?? 0;
    return n / total;
  };
  return { median: (median + upper) / 2, deviation: Math.sqrt(Math.max(0, squares / total - mean * mean)), above };
}

/**
 * Runs of steps in which at least the share `least` of the cells are on, never across a sequence's end, without the
 * selected range: most cells on through the whole run first, then the nearest in length.
 */
export function search(corpus: Corpus, cells: readonly On[], wish: Wish, least = 1): Run[] {
  const need = Math.max(1, Math.ceil(least * cells.length - 1e-9));
  const found: Run[] = [];
  corpus.values.forEach((values, sequence) => {
    const steps = corpus.lengths[sequence] ?? 0;
    const on = (cell: On, step: number) => ((values[cell.row * steps + step] ?? 0) - cell.threshold) * cell.sign > 0;
    let start = -1;
    for (let step = 0; step <= steps; step++) {
      let count = 0;
      if (step < steps) for (const cell of cells) count += on(cell, step) ? 1 : 0;
      const enough = step < steps && count >= need;
      if (enough && start < 0) start = step;
      if (!enough && start >= 0) {
        const selected = sequence === wish.sequence && start < wish.stop && step > wish.start;
        if (!selected) {
          const through = cells.filter((cell) => {
            for (let s = start; s < step; s++) if (!on(cell, s)) return false;
            return true;
          }).length;
          found.push({ sequence, start, stop: step, share: through / cells.length });
        }
        start = -1;
      }
    }
  });
  const length = wish.stop - wish.start;
  const off = (run: Run) => Math.abs(run.stop - run.start - length);
  return found.sort((a, b) => b.share - a.share || off(a) - off(b) || a.sequence - b.sequence || a.start - b.start);
}

/** Which annotations are over-represented where the runs begin; p is hypergeometric, one-sided, Bonferroni. */
export function enrich(tracks: ReadonlyMap<string, readonly (Uint8Array | undefined)[]>, runs: readonly Run[]): Enriched[] {
  const rows: Enriched[] = [];
  for (const [track, columns] of tracks) {
    let [total, marked, drawn, hits] = [0, 0, 0, 0];
    for (const column of columns) {
      for (const mark of column ?? []) {
        if (mark !== 2) total++;
        if (mark === 1) marked++;
      }
    }
    for (const run of runs) {
      const mark = columns[run.sequence]?.[run.start];
      if (mark === 0 || mark === 1) drawn++;
      if (mark === 1) hits++;
    }
    if (!drawn || !marked) continue;
    const [share, corpus] = [hits / drawn, marked / total];
    const p = Math.min(1, atLeast(hits, total, marked, drawn) * tracks.size);
    rows.push({ track, hits, matches: drawn, share, corpus, lift: share / corpus, p });
  }
  return rows.sort((a, b) => a.p - b.p || b.lift - a.lift);
}

/** The chance of `hits` or more marked ones among `drawn` of `total`, of which `marked` are marked. */
export function atLeast(hits: number, total: number, marked: number, drawn: number): number {
  const choose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  let sum = 0;
  for (let k = Math.max(hits, drawn + marked - total); k <= Math.min(marked, drawn); k++) {
    sum += Math.exp(choose(marked, k) + choose(total - marked, drawn - k) - choose(total, drawn));
  }
  return Math.min(1, sum);
}

const factorials = [0, 0];

function logFactorial(n: number): number {
  if (n < 0) return Infinity;
  for (let i = factorials.length; i <= Math.min(n, 1000); i++) factorials.push((factorials[i - 1] ?? 0) + Math.log(i));
  if (n <= 1000) return factorials[n] ?? 0;
  // Stirling's series; at n > 1000 its error is far below that of the sum.
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
}
