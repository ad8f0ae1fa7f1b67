// How far the server's clock and this browser's lie apart.

/** Requests that are timed at first, and each time it is looked at again. */
const AT_FIRST = 8;
const AGAIN = 4;
/** A better estimate replaces an older one; after this many ms any does, since clocks drift. */
const STALE = 120_000;

export class Clock {
  /** Milliseconds to add to the browser's clock to get the server's. */
  offset = 0;
  /** How wrong that may be, in ms; undefined before the first answer. */
  error = undefined;
  #asOf = 0;
  #address;

  constructor(address) {
    this.#address = address;
  }

  /** This browser's time, in Unix ms with fraction. */
  static now() {
    return performance.timeOrigin + performance.now();
  }

  /** How late something is that the server sent at `ts` and that came at `now`, both Unix ms. */
  late(ts, now) {
    return now + this.offset - ts;
  }

  /** Times a few requests. The server took its time somewhere between question and answer, so of
   * the quickest one half the round trip is the error. */
  async compare() {
    let best;
    for (let n = this.error === undefined ? AT_FIRST : AGAIN; n > 0; n -= 1) {
      const asked = Clock.now();
      const answer = await fetch(this.#address, {
        cache: 'no-store',
        signal: AbortSignal.timeout(10_000),
      });
      const answered = Clock.now();
      if (!answer.ok) throw Object.assign(new Error(await said(answer)), { refused: true });
      const { ts } = await answer.json();
      const error = (answered - asked) / 2;
      if (!best || error < best.error) best = { error, offset: ts - (asked + answered) / 2 };
    }
    const old = performance.now() - this.#asOf > STALE;
    if (this.error === undefined || best.error <= this.error || old) {
      ({ offset: this.offset, error: this.error } = best);
      this.#asOf = performance.now();
    }
  }
}

async function said(answer) {
  if ([401, 403].includes(answer.status)) {
    return 'The server lets this page in no more: open it again with the link that the presenter shows';
  }
  return (await answer.text()).trim();
}
