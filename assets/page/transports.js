// How each transport is opened with what browsers have. Each takes an address maker and a link to
// tell what happens, begins at once, and gives back how to end it.
//
// A link is told: opened(), requested(), waiting(words, isHeld), received(read), beginsAt(id),
// returning() where the browser comes back by itself, lost({ why, after }) when it is over.

import { unpack } from './messagepack.js';

/** Milliseconds between two short polls. */
const INTERVAL = 1000;
/** Milliseconds that an answer with nothing in it has to take before the next is asked for. */
const BREATH = 250;
/** Characters of a line of a stream, at most. */
const LONGEST_LINE = 8 << 20;

export const TRANSPORTS = [
  { word: 'websocket', name: 'WebSocket', open: websocket },
  { word: 'sse', name: 'Server-Sent Events', open: eventSource },
  { word: 'long-poll', name: 'Long poll', open: (...all) => polling(longPoll, ...all) },
  { word: 'short-poll', name: 'Short poll', open: (...all) => polling(shortPoll, ...all) },
  { word: 'stream', name: 'Streaming HTTP', open: (...all) => polling(stream, ...all) },
];

function websocket(address, cursor, link) {
  link.requested();
  const url = new URL(address('/ws', { since: cursor }), location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let over = false;
  socket.onopen = () => !over && link.opened();
  socket.onmessage = ({ data }) => {
    if (over) return;
    link.received(() => (typeof data === 'string' ? JSON.parse(data) : unpack(data)));
  };
  socket.onclose = ({ code, reason }) => {
    if (over) return;
    over = true;
    // 1006 stands for an end without a close frame; browsers tell pages no more than that.
    const words = code === 1006 ? 'no close frame; the browser does not say why' : `close code ${code}`;
    link.lost({ why: reason ? `${words}, ${reason}` : words });
  };
  return {
    close() {
      over = true;
      socket.close(1000, 'cut by the page');
    },
    send: (text) => socket.send(text),
  };
}

function eventSource(address, cursor, link) {
  link.requested();
  const source = new EventSource(address('/sse', { named: 'off', lastEventId: cursor }));
  source.onopen = () => link.opened();
  source.onmessage = ({ data }) => link.received(() => JSON.parse(data));
  source.onerror = () => {
    if (source.readyState === EventSource.CONNECTING) {
      link.requested();
      link.returning();
    } else {
      link.lost({ why: 'refused; EventSource does not say why, and does not come back' });
    }
  };
  return { close: () => source.close() };
}

/** Runs what is made of requests until it fails or is closed. */
function polling(run, address, cursor, link) {
  const ending = new AbortController();
  const { signal } = ending;
  const ask = async (path, since) => {
    link.requested();
    const answer = await fetch(address(path, { since }), { signal, cache: 'no-store' });
    if (answer.ok) return answer;
    const after = Number(answer.headers.get('retry-after')) * 1000 || undefined;
    throw new Refusal(`${answer.status}, ${(await answer.text()).split('\n')[0]}`, after);
  };
  run(ask, cursor, link, signal).catch((error) => {
    if (signal.aborted) return;
    const isNetwork = error instanceof TypeError;
    link.lost({ why: isNetwork ? 'the server cannot be reached' : error.message, after: error.after });
  });
  return { close: () => ending.abort() };
}

class Refusal extends Error {
  constructor(sentence, after) {
    super(sentence);
    this.after = after;
  }
}

async function longPoll(ask, since, link, signal) {
  for (;;) {
    const asked = performance.now();
    if (since !== undefined) link.waiting('request held', true);
    const answer = await ask('/poll', since);
    link.opened();
    const came = answer.status === 204 ? undefined : take(await answer.json(), link);
    since = came?.lastId ?? since;
    if (!came?.messages.length) await rest(BREATH - (performance.now() - asked), signal);
  }
}

async function shortPoll(ask, since, link, signal) {
  for (;;) {
    const asked = performance.now();
    const answer = await ask('/short', since);
    link.opened();
    since = take(await answer.json(), link).lastId;
    link.waiting('asks every second');
    await rest(INTERVAL - (performance.now() - asked), signal);
  }
}

function take(body, link) {
  for (const message of body.messages) link.received(() => message);
  link.beginsAt(body.lastId);
  return body;
}

async function stream(ask, since, link) {
  const answer = await ask('/stream', since);
  link.opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let part = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the response ended');
    const lines = (part + value).split('\n');
    part = lines.pop();
    if (part.length > LONGEST_LINE) throw new Error('a line is longer than 8 MiB');
    // A blank line is a heartbeat.
    for (const line of lines) if (line) link.received(() => JSON.parse(line));
  }
}

/** Waits so many ms, if any, unless it is ended before. */
function rest(ms, signal) {
  return new Promise((done, fail) => {
    const end = () => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    // The signal is that of the whole lane, which rests many times.
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      done();
    }, Math.max(0, ms));
    signal.addEventListener('abort', end, { once: true });
  });
}
