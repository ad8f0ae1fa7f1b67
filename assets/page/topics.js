// Which topic the page follows: a choice where the server has more than one.

/** Milliseconds between two looks at what there is. */
const EVERY = 5000;

export class Topics {
  /** The one that is followed. */
  name = new URLSearchParams(location.search).get('topic') || 'default';
  #text;
  #select;
  #shown = '';

  constructor(text, select) {
    this.#text = text;
    this.#select = select;
    text.textContent = this.name;
  }

  /** Looks now and then what there is, and tells `changed` of another choice. */
  async follow(address, changed) {
    this.#select.addEventListener('change', () => {
      this.name = this.#select.value;
      const here = new URL(location.href);
      here.searchParams.set('topic', this.name);
      history.replaceState(null, '', here);
      changed();
    });
    for (;;) {
      try {
        const answer = await fetch(address, {
          cache: 'no-store',
          signal: AbortSignal.timeout(10_000),
        });
        if (answer.ok) this.#show(await answer.json());
      } catch {
        // What keeps this from the server keeps the lanes from it, too, and they say so.
      }
      await new Promise((done) => { setTimeout(done, EVERY); });
    }
  }

  #show(topics) {
    const names = topics.map(({ name }) => name);
    if (!names.includes(this.name)) names.unshift(this.name);
    // Written anew, the list would close under somebody's hand.
    if (this.#shown === names.join('\n')) return;
    this.#shown = names.join('\n');
    this.#select.replaceChildren(...names.map((name) => new Option(name, name)));
    this.#select.value = this.name;
    this.#select.hidden = names.length < 2;
    this.#text.hidden = names.length > 1;
  }
}
