// Reads the MessagePack maps that a binary message of the server is.

/** How deep values may lie within each other. */
const DEEPEST = 16;

/** The value in these bytes. Throws where they are none. */
export function unpack(buffer) {
  return new Reader(buffer).value(0);
}

class Reader {
  #view;
  #at = 0;

  constructor(buffer) {
    this.#view = new DataView(buffer);
  }

  value(depth) {
    if (depth > DEEPEST) throw new RangeError('a binary message lies too deep');
    const first = this.#uint(1);
    if (first < 0x80) return first;
    if (first < 0x90) return this.#map(first & 0x0f, depth);
    if (first < 0xa0) return this.#list(first & 0x0f, depth);
    if (first < 0xc0) return this.#text(first & 0x1f);
    if (first >= 0xe0) return first - 0x100;
    switch (first) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.#bytes(this.#uint(1 << (first - 0xc4)));
      case 0xca: return this.#view.getFloat32(this.#move(4));
      case 0xcb: return this.#view.getFloat64(this.#move(8));
      case 0xcc: case 0xcd: case 0xce: return this.#uint(1 << (first - 0xcc));
      case 0xcf: return Number(this.#view.getBigUint64(this.#move(8)));
      case 0xd0: return this.#view.getInt8(this.#move(1));
      case 0xd1: return this.#view.getInt16(this.#move(2));
      case 0xd2: return this.#view.getInt32(this.#move(4));
      case 0xd3: return Number(this.#view.getBigInt64(this.#move(8)));
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#uint(1 << (first - 0xd9)));
      case 0xdc: case 0xdd: return this.#list(this.#uint(2 << (first - 0xdc)), depth);
      case 0xde: case 0xdf: return this.#map(this.#uint(2 << (first - 0xde)), depth);
      default: throw new RangeError('a binary message holds what this page does not read');
    }
  }

  #map(members, depth) {
    const map = Object.create(null);
    for (; members > 0; members -= 1) map[this.value(depth + 1)] = this.value(depth + 1);
    return map;
  }

  #list(length, depth) {
    const list = [];
    for (; length > 0; length -= 1) list.push(this.value(depth + 1));
    return list;
  }

  #text(length) {
    return new TextDecoder().decode(this.#bytes(length));
  }

  #bytes(length) {
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + this.#move(length), length);
  }

  #uint(size) {
    const at = this.#move(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #move(length) {
    const at = this.#at;
    if (at + length > this.#view.byteLength) throw new RangeError('a binary message broke off');
    this.#at = at + length;
    return at;
  }
}
