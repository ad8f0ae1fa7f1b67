// What people publish: the box to do it, and what came, with how late it was in each lane.

import { ms, shown } from './view.js';

/** Messages that are shown, and those that later lanes are still looked for in. */
const SHOWN = 30;
/** Types that the server's own source sends. */
const OF_SOURCE = new Set(['tick', 'chat', 'order', 'token', 'binary']);

export class Feed {
  #list;
  #template;
  #entries = new Map();

  constructor(list, template) {
    this.#list = list;
    this.#template = template;
  }

  /** Shows a message that somebody published, or that it came in one more lane. */
  received(lane, message, late) {
    if (OF_SOURCE.has(message.type)) return;
    // Ids begin again with the server, times do not.
    const key = `${message.id} ${message.ts}`;
    const arrivals = this.#entries.get(key) ?? this.#add(key, message);
    const arrival = document.createElement('li');
    arrival.dataset.transport = lane.transport.word;
    arrival.textContent = `${lane.transport.name} ${ms(late)} ms`;
    arrivals.append(arrival);
  }

  #add(key, message) {
    const item = this.#template.content.cloneNode(true).firstElementChild;
    const part = (name) => item.querySelector(`[data-part="${name}"]`);
    const { id, topic, ts, type, from, text, ...rest } = message;
    const more = Object.keys(rest).length ? ` ${shown(rest)}` : '';
    part('from').textContent = typeof from === 'string' ? from.slice(0, 64) : type;
    part('when').textContent = new Date(ts).toLocaleTimeString();
    part('text').textContent = `${shown(text)}${more}`.slice(0, 500);
    this.#list.prepend(item);
    this.#entries.set(key, part('arrivals'));
    while (this.#list.children.length > SHOWN) this.#list.lastElementChild.remove();
    if (this.#entries.size > SHOWN) this.#entries.delete(this.#entries.keys().next().value);
    return part('arrivals');
  }
}

/** Publishes what is typed into `form`, over the way that is chosen there. */
export function publishing(form, { address, name, topics, websocket }) {
  const status = form.querySelector('[role=status]');
  const say = (words, bad = false) => {
    status.textContent = words;
    status.classList.toggle('bad', bad);
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = form.elements.text.value.trim();
    if (!text) {
      say('Type something first', true);
      form.elements.text.focus();
      return;
    }
    try {
      if (form.elements.over.value === 'websocket') {
        websocket.send(JSON.stringify({ type: 'message', room: topics.name, text }));
        say('Sent over the WebSocket');
      } else {
        say('Sending');
        const answer = await fetch(address('/publish'), {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ from: name, text }),
          signal: AbortSignal.timeout(15_000),
        });
        if (!answer.ok) throw new Error((await answer.text()).trim());
        say(`Published as number ${(await answer.json()).id}`);
      }
      form.elements.text.value = '';
    } catch (error) {
      const why = {
        TimeoutError: 'No answer within 15 s; are all six connections in use?',
        TypeError: 'The server cannot be reached',
      };
      say(why[error.name] ?? error.message, true);
    }
  });
  return { refused: (sentence) => say(sentence, true) };
}
