// The life of one lane: it opens its transport, counts what comes, comes back after a loss where it
// was, and can be cut.

import { Clock } from './clock.js';
import { Tally } from './tally.js';

/** Milliseconds before the first try after a loss, and the longest between two. */
const FIRST = 500;
const LONGEST = 15_000;

export class Lane {
  /** off, connecting, open, returning, lost or cut. */
  state = 'off';
  /** What a person reads beside the state. */
  words = '';
  /** The server holds a request until there is something to answer. */
  isHeld = false;
  tally = new Tally();
  reconnects = 0;
  requests = 0;
  /** The newest message. */
  newest = undefined;
  /** When it became what it is, when something came last, when it tries again (performance.now). */
  since = 0;
  heard = 0;
  again = undefined;
  #address;
  #clock;
  #tell;
  #link = undefined;
  #timer = undefined;
  #failures = 0;
  #wasOpen = false;

  /** `tell` is told of changes of state and of messages. */
  constructor(transport, address, clock, tell) {
    this.transport = transport;
    this.#address = address;
    this.#clock = clock;
    this.#tell = tell;
  }

  get isUp() {
    return this.state === 'open';
  }

  /** Begins with the next message; counts nothing as lost that came while it was off. */
  switchOn() {
    if (this.state !== 'off') return;
    this.tally.cursor = undefined;
    this.#wasOpen = false;
    this.#connect();
  }

  switchOff() {
    this.#end();
    this.#become('off', '');
  }

  /** Forgets what it counted, as ids and counts are those of one topic, and goes on with the topic
   * that is followed now. */
  beginAnew() {
    const wasOn = this.state !== 'off';
    this.switchOff();
    this.tally = new Tally();
    this.newest = undefined;
    this.reconnects = 0;
    this.requests = 0;
    if (wasOn) this.switchOn();
  }

  /** Ends the connection until somebody asks for another. */
  cut() {
    if (this.state === 'off') return;
    this.#end();
    this.#become('cut', 'by you');
  }

  /** Connects anew, at once, where it was. */
  reconnect() {
    if (this.state === 'off') return;
    this.#end();
    this.#failures = 0;
    this.#connect();
  }

  /** Sends text, where the transport can. */
  send(text) {
    if (!this.isUp || !this.#link.send) throw new Error(`${this.transport.name} is not open`);
    this.#link.send(text);
  }

  #connect() {
    this.again = undefined;
    this.#become('connecting', '');
    const link = {};
    this.#link = link;
    // What an ended link still has to say is not for this lane any more.
    const heard = (act) => (...said) => { if (this.#link === link) act(...said); };
    Object.assign(link, this.transport.open(this.#address, this.tally.cursor, {
      requested: heard(() => { this.requests += 1; }),
      opened: heard(() => this.#opened()),
      waiting: heard((words, isHeld) => this.#say(words, isHeld)),
      beginsAt: heard((id) => this.tally.beginsAt(id)),
      received: heard((read) => this.#received(read)),
      returning: heard(() => this.#become('returning', 'the browser comes back by itself')),
      lost: heard((how) => this.#lost(how)),
    }));
  }

  #opened() {
    if (this.isUp) return;
    if (this.#wasOpen) this.reconnects += 1;
    this.#wasOpen = true;
    this.#failures = 0;
    this.#become('open', '');
  }

  #received(read) {
    const now = Clock.now();
    let message;
    try {
      message = read();
    } catch {
      message = { type: 'error', error: 'a message that cannot be read' };
    }
    this.heard = performance.now();
    // Answers to what this page said over its WebSocket have no id.
    if (typeof message.id !== 'number') {
      this.#tell.answered?.(this, message);
      return;
    }
    const late = this.#clock.late(message.ts, now);
    const is = this.tally.take(message, late, now);
    if (is === 'next') this.newest = message;
    if (is === 'duplicate') return;
    try {
      this.#tell.received(this, message, late);
    } catch (error) {
      // What one message does to the page is no reason to end what brings the next.
      reportError(error);
    }
  }

  #lost({ why, after }) {
    this.#end();
    this.#failures += 1;
    const most = Math.min(LONGEST, FIRST * 2 ** (this.#failures - 1));
    // Chance keeps a roomful of pages from coming back in the same moment.
    const delay = Math.max(after ?? 0, most * (0.5 + Math.random() / 2));
    this.again = performance.now() + delay;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#become('lost', why);
  }

  #end() {
    clearTimeout(this.#timer);
    this.again = undefined;
    const link = this.#link;
    this.#link = undefined;
    link?.close?.();
  }

  #become(state, words) {
    const changed = this.state !== state;
    this.state = state;
    this.words = words;
    this.isHeld = false;
    this.since = this.heard = performance.now();
    if (changed) this.#tell.changed(this);
  }

  #say(words, isHeld = false) {
    this.words = words;
    this.isHeld = isHeld;
    this.since = performance.now();
  }
}
