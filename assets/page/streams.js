// Event streams opened for no other reason than to show how many connections a browser opens to one
// server.

/** Streams that can be opened here; more would show nothing new. */
const MOST = 12;
/** Milliseconds after which a stream that is not open is said to wait. */
const PATIENCE = 1500;

export class Streams {
  #streams = [];
  #list;
  #address;

  constructor({ open, close, list }, address) {
    this.#list = list;
    this.#address = address;
    open.addEventListener('click', () => this.#open());
    close.addEventListener('click', () => this.#closeAll());
    this.paint = () => {
      open.setAttribute('aria-disabled', this.#streams.length >= MOST);
      close.setAttribute('aria-disabled', this.#streams.length === 0);
      for (const stream of this.#streams) this.#paint(stream);
    };
  }

  /** Streams that are open, and those that wait. */
  get counts() {
    const open = this.#streams.filter(({ source }) => source.readyState === EventSource.OPEN).length;
    return { open, waiting: this.#streams.length - open };
  }

  #open() {
    if (this.#streams.length >= MOST) return;
    const source = new EventSource(this.#address('/sse', { named: 'off' }));
    const item = document.createElement('li');
    const stream = { source, item, asked: performance.now() };
    this.#streams.push(stream);
    this.#list.append(item);
    this.paint();
  }

  #closeAll() {
    for (const { source, item } of this.#streams.splice(0)) {
      source.close();
      item.remove();
    }
    this.paint();
  }

  #paint({ source, item, asked }) {
    const number = this.#streams.findIndex((stream) => stream.item === item) + 1;
    const waited = performance.now() - asked;
    const states = {
      [EventSource.OPEN]: ['open', 'open'],
      [EventSource.CLOSED]: ['refused', 'lost'],
      [EventSource.CONNECTING]: waited < PATIENCE
        ? ['connecting', 'connecting']
        : [`waits for a free connection, ${Math.round(waited / 1000)} s`, 'waiting'],
    };
    const [words, state] = states[source.readyState];
    const text = `Stream ${number}: ${words}`;
    if (item.textContent !== text) item.textContent = text;
    item.dataset.state = state;
  }
}
