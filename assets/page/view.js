// A lane as a card: what it says, its figures, the last minute as bars.

import { Clock } from './clock.js';
import { SECONDS } from './tally.js';

/** What the bars reach from and to, in ms; each step of ten is as high as the next. */
const LOWEST = 0.1;
const HIGHEST = 10_000;
/** Silence longer than this, in ms, is said. */
const SILENT = 5000;
/** So is connecting that takes longer than this. */
const SLOW = 1500;
/** And a short poll that is not answered within this. */
const LATE = 3000;

const NAMES = {
  off: 'Off',
  connecting: 'Connecting',
  open: 'Open',
  returning: 'Lost',
  lost: 'Lost',
  cut: 'Cut',
};

/** Characters of a value that somebody published, at most. */
const LONGEST = 500;

/** As JSON; some values lie too deep for that. */
function json(value) {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '…';
  }
}

/** A value that somebody published, whatever it is, as text: not every object can be made a string
 * of in the usual way. */
export function shown(value) {
  return (typeof value === 'string' ? value : json(value)).slice(0, LONGEST);
}

/** Milliseconds as people read them. */
export function ms(value) {
  if (value === undefined) return '–';
  const late = Math.max(0, value);
  if (late < 10) return late.toFixed(1);
  return Math.round(late).toLocaleString('en');
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Card of one lane. */
export class Card {
  #lane;
  #part;
  #shown = new Map();
  #sketched = { message: undefined, text: '' };

  constructor(lane, template, list) {
    this.#lane = lane;
    const item = template.content.cloneNode(true).firstElementChild;
    const part = (name) => item.querySelector(`[data-part="${name}"]`);
    const { word, name } = lane.transport;
    item.dataset.transport = word;
    const title = part('name');
    title.textContent = name;
    title.id = `lane-${word}`;
    item.setAttribute('aria-labelledby', title.id);
    part('on').setAttribute('aria-label', `${name}: on`);
    part('cut').setAttribute('aria-label', `Cut ${name}`);
    part('reconnect').setAttribute('aria-label', `Reconnect ${name}`);
    part('on').addEventListener('change', ({ target }) => {
      if (target.checked) lane.switchOn();
      else lane.switchOff();
    });
    part('cut').addEventListener('click', () => lane.cut());
    part('reconnect').addEventListener('click', () => lane.reconnect());
    this.#part = part;
    list.append(item);
  }

  /** Shows what the lane is now. `isFull` says that the browser has no connection left. */
  paint(isFull) {
    const { tally, state, reconnects, requests, newest } = this.#lane;
    const figures = tally.percentiles();
    const isOff = state === 'off';
    this.#part('on').checked = !isOff;
    // Disabled buttons lose the focus of those who use the keyboard, so these only say so.
    this.#part('cut').setAttribute('aria-disabled', isOff || state === 'cut');
    this.#part('reconnect').setAttribute('aria-disabled', isOff);
    this.#part('dot').dataset.state = state;
    this.#say('state', NAMES[state]);
    this.#say('words', this.#words(isFull));
    this.#say('median', ms(figures?.median));
    this.#say('p95', figures ? `${ms(figures.p95)} ms` : '–');
    this.#say('delivered', tally.delivered.toLocaleString('en'));
    this.#say('lost', tally.lost.toLocaleString('en'));
    this.#part('lost').classList.toggle('bad', tally.lost > 0);
    this.#say('others', ` · ${tally.duplicated} · ${tally.reordered}`);
    this.#say('reconnects', reconnects.toLocaleString('en'));
    this.#say('requests', requests.toLocaleString('en'));
    this.#say('newest', this.#sketch(newest));
    this.#draw();
  }

  /** The newest message in a line; it may be large, so it is read once. */
  #sketch(message) {
    if (this.#sketched.message !== message) {
      this.#sketched = { message, text: message ? sketch(message) : '' };
    }
    return this.#sketched.text;
  }

  #words(isFull) {
    const { state, words, since, heard, again } = this.#lane;
    if (again !== undefined) {
      const left = Math.max(0, again - performance.now()) / 1000;
      return `${words}; tries again in ${left.toFixed(1)} s`;
    }
    const now = performance.now();
    const isPoll = words !== '' && state === 'open';
    if (isFull && (isPoll || state === 'connecting') && now - since > SLOW) {
      return `no connection is free, ${seconds(since)}`;
    }
    if (isPoll && !this.#lane.isHeld && now - since > LATE) return `no answer for ${seconds(since)}`;
    if (state === 'open' && !words) return now - heard > SILENT ? `silent for ${seconds(heard)}` : '';
    if (state === 'connecting' && !words) return now - since > SLOW ? `for ${seconds(since)}` : '';
    return this.#lane.isHeld ? `${words}, ${seconds(since)}` : words;
  }

  /** Changes text only where it differs, which spares the page most of its work. */
  #say(name, text) {
    if (this.#shown.get(name) === text) return;
    this.#shown.set(name, text);
    this.#part(name).textContent = text;
  }

  #draw() {
    const canvas = this.#part('bars');
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const scale = devicePixelRatio;
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== across || canvas.height !== down) {
      [canvas.width, canvas.height] = [across, down];
    }
    const style = getComputedStyle(canvas);
    const pen = canvas.getContext('2d');
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const step = width / SECONDS;
    for (const { age, median, down: wasDown } of this.#lane.tally.lastMinute(Clock.now())) {
      const x = width - (age + 1) * step;
      if (wasDown) {
        pen.fillStyle = style.getPropertyValue('--outage');
        pen.fillRect(x, 0, step, height);
      }
      if (median !== undefined) {
        const share = Math.log(Math.max(median, LOWEST) / LOWEST) / Math.log(HIGHEST / LOWEST);
        const tall = Math.max(2, Math.min(1, share) * height);
        pen.fillStyle = style.color;
        pen.fillRect(x + step * 0.12, height - tall, step * 0.76, tall);
      }
    }
  }
}

/** A message in a line. */
function sketch({ id, topic, ts, pad, data, ...said }) {
  // The server's own data is text or bytes; what people call so may be anything.
  if (data !== undefined) said.bytes = data?.length;
  const line = Object.entries(said).map(([name, value]) => (
    name === 'text' || name === 'type' ? shown(value) : `${name} ${json(value).slice(0, LONGEST)}`
  ));
  return `${id} ${line.join(' ')}`.slice(0, 200);
}
