// What this browser measured, for the presenter's list of clients.

/** Milliseconds between two reports. */
const EVERY = 2000;

const FIRST = ['amber', 'brisk', 'calm', 'coral', 'dusty', 'eager', 'fleet', 'green', 'hazel', 'jolly',
  'keen', 'lunar', 'merry', 'noble', 'plain', 'quiet', 'rapid', 'solar', 'tidy', 'vivid'];
const SECOND = ['badger', 'crane', 'dingo', 'egret', 'finch', 'gecko', 'heron', 'ibex', 'jay', 'koala',
  'lynx', 'marten', 'newt', 'otter', 'puffin', 'quail', 'raven', 'stoat', 'tern', 'wren'];

/** What this tab is called; the same after it was loaded again, another in a tab made of it. */
export function tabName() {
  const [navigation] = performance.getEntriesByType('navigation');
  const kept = navigation?.type === 'reload' && sessionStorage.getItem('name');
  if (kept) return kept;
  const [one, two, number] = crypto.getRandomValues(new Uint32Array(3));
  const name = `${FIRST[one % FIRST.length]}-${SECOND[two % SECOND.length]}-${number % 1000}`;
  sessionStorage.setItem('name', name);
  return name;
}

const rounded = (value) => Math.max(0, Math.round(value * 1000) / 1000);

/** Tells the server every now and then. */
export async function reporting(address, name, lanes) {
  for (;;) {
    await new Promise((done) => { setTimeout(done, EVERY); });
    const told = lanes.filter((lane) => lane.state !== 'off').map((lane) => {
      const { median, p95 } = lane.tally.percentiles() ?? {};
      return {
        transport: lane.transport.word,
        // JSON leaves out what is undefined.
        median_ms: median === undefined ? undefined : rounded(median),
        p95_ms: p95 === undefined ? undefined : rounded(p95),
        delivered: lane.tally.delivered,
        lost: lane.tally.lost,
        reconnects: lane.reconnects,
      };
    });
    try {
      await fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ client: name, lanes: told }),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      // The next one will do as well.
    }
  }
}
