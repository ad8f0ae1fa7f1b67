// What a lane counts: which ids came, how late, and how that went over the last minute.

/** Newest latencies that percentiles are taken of. */
const NEWEST = 1000;
/** Missing ids that are remembered, so that one that comes late is known again. */
const MISSING = 20_000;
/** Seconds that are drawn. */
export const SECONDS = 60;

export class Tally {
  /** Messages that came, each counted once. */
  delivered = 0;
  duplicated = 0;
  reordered = 0;
  /** Id of the newest message, which is where to go on; undefined before the first. */
  cursor = undefined;
  #newestSent = -Infinity;
  #missing = new Set();
  /** Ids that are missing and too many to be remembered one by one. */
  #gone = 0;
  #latencies = [];
  #next = 0;
  #seconds = [];

  /** Ids of which nothing came although later ones did. */
  get lost() {
    return this.#missing.size + this.#gone;
  }

  /** The server said that everything up to this id is behind us. */
  beginsAt(id) {
    if (this.cursor === undefined) this.cursor = id;
  }

  /** Takes a message that came `late` ms after it was sent; says what it is. */
  take(message, late, now) {
    const { id, ts } = message;
    // A restarted server counts from 1 again; one that comes twice or late was sent before.
    const beginsAgain = this.cursor !== undefined && id <= this.cursor && ts > this.#newestSent;
    if (beginsAgain) this.#beginAgain(id);
    let is = 'next';
    if (this.cursor === undefined || id > this.cursor) {
      if (this.cursor !== undefined) this.#skip(this.cursor + 1, id);
      this.cursor = id;
      this.#newestSent = Math.max(this.#newestSent, ts);
    } else if (this.#missing.delete(id)) {
      this.reordered += 1;
      is = 'reordered';
    } else {
      this.duplicated += 1;
      return 'duplicate';
    }
    this.delivered += 1;
    this.#latencies[this.#next] = late;
    this.#next = (this.#next + 1) % NEWEST;
    this.second(now).late.push(late);
    return is;
  }

  /** Median and 95th percentile of the newest messages, in ms; undefined before the first. */
  percentiles() {
    if (this.#latencies.length === 0) return undefined;
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share) => sorted[Math.ceil(share * sorted.length) - 1];
    return { median: at(0.5), p95: at(0.95) };
  }

  /** The second that `now` (ms) lies in, to be added to. */
  second(now) {
    const at = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    if (last?.at === at) return last;
    const second = { at, late: [], down: false };
    this.#seconds.push(second);
    while (this.#seconds[0].at <= at - SECONDS) this.#seconds.shift();
    return second;
  }

  /** The seconds up to `now`: for each its age, its median latency if there is one, and whether
   * the lane was down. */
  *lastMinute(now) {
    const newest = Math.floor(now / 1000);
    for (const { at, late, down } of this.#seconds) {
      const sorted = [...late].sort((a, b) => a - b);
      yield { age: newest - at, median: sorted[Math.floor(sorted.length / 2)], down };
    }
  }

  #beginAgain(id) {
    this.cursor = id - 1;
    this.#gone += this.#missing.size;
    this.#missing.clear();
  }

  #skip(from, to) {
    const remembered = Math.min(to - from, Math.max(0, MISSING - this.#missing.size));
    this.#gone += to - from - remembered;
    for (let id = to - remembered; id < to; id += 1) this.#missing.add(id);
  }
}
