// The page: makes the lanes and keeps what is shown of them up to date.

import { Clock } from './clock.js';
import { Feed, publishing } from './feed.js';
import { Lane } from './lane.js';
import { reporting, tabName } from './report.js';
import { Streams } from './streams.js';
import { Topics } from './topics.js';
import { TRANSPORTS } from './transports.js';
import { Card } from './view.js';

/** Milliseconds between two looks at the clock. */
const CLOCK = 30_000;
/** Milliseconds before the next look where the last may not be good any more. */
const SOON = 1000;
/** Milliseconds between two paintings; fewer for those who want less to move. */
const CALM = matchMedia('(prefers-reduced-motion: reduce)');
const PAINT = () => (CALM.matches ? 1000 : 250);

/** Connections that a browser opens to one server over HTTP/1.1. */
const SIX = 6;

const $ = (id) => document.getElementById(id);
const topics = new Topics($('topic'), $('topics'));
const name = tabName();

/** An address of this server, with who asks and for what; undefined values are left out. */
function address(path, more = {}) {
  const query = new URLSearchParams({ client: name, topic: topics.name });
  for (const [key, value] of Object.entries(more)) if (value !== undefined) query.set(key, value);
  return `${path}?${query}`;
}

const clock = new Clock(address('/clock'));
const feed = new Feed($('said'), $('said-template'));
const lanes = TRANSPORTS.map((transport) => new Lane(transport, address, clock, {
  changed: announce,
  received: (lane, message, late) => feed.received(lane, message, late),
  answered: (_, message) => { if (message.type === 'error') publishBox.refused(message.error); },
}));
const cards = lanes.map((lane) => new Card(lane, $('lane-template'), $('lanes')));
const websocket = lanes.find(({ transport }) => transport.word === 'websocket');
const publishBox = publishing($('publish'), { address, name, topics, websocket });
const streams = new Streams({ open: $('open-stream'), close: $('close-streams'), list: $('streams') }, address);

$('host').textContent = location.host;
$('name').textContent = name;
$('cut-all').addEventListener('click', () => lanes.forEach((lane) => lane.cut()));
$('reconnect-all').addEventListener('click', () => lanes.forEach((lane) => lane.reconnect()));

/** Tells those who listen rather than look, all that happened within a second at once. */
const news = new Map();
let telling;
function announce(lane) {
  const words = { off: 'off', open: 'open', returning: 'lost', lost: 'lost', cut: 'cut' }[lane.state];
  if (!words) return;
  if (lane.state === 'lost') {
    clearTimeout(keeping);
    keeping = setTimeout(keepTime, SOON);
  }
  news.set(lane.transport.name, words);
  telling ??= setTimeout(() => {
    telling = undefined;
    const said = new Map();
    for (const [who, word] of news) said.set(word, [...(said.get(word) ?? []), who]);
    $('announcer').textContent = [...said].map(([word, who]) => `${who.join(', ')} ${word}`).join('. ');
    news.clear();
  }, 1000);
}

/** Whether all connections are taken that this browser opens to one server, as far as the page can
 * know: those of other tabs count, too. */
function connections() {
  const [navigation] = performance.getEntriesByType('navigation');
  const protocol = navigation?.nextHopProtocol ?? '';
  const isUp = (word) => lanes.some((lane) => lane.transport.word === word && lane.isUp);
  const streaming = ['sse', 'stream'].filter(isUp).length;
  const { open, waiting } = streams.counts;
  const isShared = /^h[23]/.test(protocol);
  const isFull = !isShared && streaming + open >= SIX;
  let words = `Event streams and responses that do not end: ${streaming + open} of six`;
  if (isShared) words = `This page came over ${protocol}, where all requests share one connection`;
  else if (isFull) words += '. Polls, publishing and all else that this page asks for wait';
  else if (waiting) words += `; ${waiting} wait behind polls`;
  if ($('connections').textContent !== words) $('connections').textContent = words;
  return isFull;
}

function show() {
  const now = Clock.now();
  for (const lane of lanes) {
    const second = lane.tally.second(now);
    if (!lane.isUp && lane.state !== 'off') second.down = true;
  }
  if (!document.hidden) {
    streams.paint();
    const isFull = connections();
    for (const card of cards) card.paint(isFull);
    const up = lanes.filter((lane) => lane.isUp).length;
    $('up').textContent = `${up} of ${lanes.length} open`;
  }
}

function paint() {
  try {
    show();
  } finally {
    setTimeout(paint, PAINT());
  }
}

let keeping;
/** Compares the clocks now and then, and after a loss, which also tells what a WebSocket and an
 * EventSource do not: why the server lets nobody in. */
async function keepTime() {
  clearTimeout(keeping);
  try {
    await clock.compare();
    $('clock').textContent = `± ${clock.error.toFixed(1)} ms`;
    $('trouble').textContent = '';
  } catch (error) {
    // What keeps this from the server keeps the lanes from it, too, and they say so.
    if (error.refused) $('trouble').textContent = error.message;
  }
  clearTimeout(keeping);
  keeping = setTimeout(keepTime, clock.error === undefined ? SOON : CLOCK);
}

paint();
// Latencies are only known once the clocks have been compared, so lanes begin after that.
keepTime().then(() => {
  for (const lane of lanes) lane.switchOn();
  topics.follow('/topics', () => lanes.forEach((lane) => lane.beginAnew()));
  reporting(address('/report'), name, lanes);
});
