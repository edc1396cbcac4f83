/**
 * The keys of a keydir (or of what a view has put aside) in order: a B+ tree of references to the entries that are there
 * anyhow. It holds no key of its own, but four bytes of each (its *head*, key-order.ts) beside the reference, so that a
 * search seldom has to look at a key: 8 bytes a key, in nodes that are about four fifths full.
 *
 * - All keys of a node begin with the same `skip` bytes; the heads are what follows on them. (Prefix truncation: Bayer
 *   and Unterauer, "Prefix B-trees", 1977.)
 * - An inner node's entries are its children, told by their first keys.
 * - A node that overflows shares with its neighbours first, and three full ones become four; four neighbours become three
 *   where they would fit. So nodes are never less than about seven tenths full for long (B*-trees, Knuth 6.2.4).
 *
 * An entry that moves (its header grows, its shard is laid out anew) is told to `moved` and `rebuilt`.
 */
import type { Arena } from "./arena.ts";
import { bytesOf, commonBytes, headAt, locateKey, StoredKey } from "./key-order.ts";
import { GatheredEntries } from "./gathered-entries.ts";
import { CHILDREN, NODE_ENTRIES } from "./order-nodes.ts";
import { OrderPath } from "./order-path.ts";

/** How many neighbours share before there is one more, and how many become one less. */
const SHARING = 3;
const JOINING = 4;
/** Entries that are left to each of those that share, and at most to each of those that were joined: room for a few more. */
const SHARED_ENTRIES = 114;
const JOINED_ENTRIES = 122;
/** A node that has fewer is looked at, with every so many of its deletions, whether it can be joined with its neighbours. */
const SPARSE_ENTRIES = 110;
const TIDY_EVERY = 4;

/** An entry of one of the shards as an order knows it: the shard in the upper 8 bits. */
export function orderReference(shard: number, reference: number): number {
  return ((shard << 24) | reference) >>> 0;
}

export class Order extends OrderPath {
  /** How many keys are in it. */
  count = 0;

  get memoryBytes(): number {
    return this.nodes.memoryBytes;
  }

  /**
   * Sees to it that `place` can take the key, which does not fail then. Returns `false` if it is there already.
   * @throws IndexError `INDEX_FULL`; what is in order stays in order
   */
  makeRoom(bytes: Uint8Array, start: number, end: number): boolean {
    for (;;) {
      if (this.search(bytes, start, end)) return false;
      if (this.nodes.count(this.path[0]) < NODE_ENTRIES) return true;
      this.#grow();
    }
  }

  /** Puts the reference of the key for which `makeRoom` has just returned `true` into its place. */
  place(reference: number): void {
    const [leaf, index] = [this.path[0], this.at[0]];
    const isAmongOthers = this.side === 0 && this.nodes.count(leaf) > 0;
    this.nodes.open(leaf, index);
    this.nodes.setChild(leaf, index, reference);
    if (isAmongOthers) this.nodes.setHead(leaf, index, this.head);
    else this.#setHead(leaf, index);
    if (index === 0) this.#firstChanged(0);
    this.count++;
  }

  /** Takes the key out whose entry is at `reference`, if it is there. */
  remove(bytes: Uint8Array, start: number, end: number, reference: number): void {
    if (!this.find(bytes, start, end, reference)) return;
    const [leaf, index] = [this.path[0], this.at[0]];
    this.nodes.close(leaf, index);
    this.count--;
    const left = this.nodes.count(leaf);
    if (index === 0 && left > 0) this.#firstChanged(0);
    // Looking at the neighbours costs more than the deletion: now and then will do, and when the last one is gone.
    if (left < SPARSE_ENTRIES && left % TIDY_EVERY === 0) this.#tidy();
  }

  /** The entry of a key lies elsewhere. What is at both places is the key. */
  moved(before: number, after: number): void {
    locateKey(this.shards, before, SCRATCH);
    const key = bytesOf(SCRATCH);
    if (this.find(key, 0, key.length, before)) this.nodes.setChild(this.path[0], this.at[0], after);
  }

  /** All entries of a shard lie elsewhere: `before` says at each old place, in its first word, where. */
  rebuilt(shard: number, before: Arena): void {
    // mark: order/shard-laid-out-anew
    for (let node = 0; node < this.nodes.length; node++) {
      if (this.nodes.level(node) !== 0) continue;
      const words = this.nodes.words(node);
      const first = this.nodes.base(node) + CHILDREN;
      const end = first + this.nodes.count(node);
      for (let i = first; i < end; i++) {
        const reference = words[i];
        if (reference >>> 24 !== shard) continue;
        const entry = reference & 0xff_ffff;
        words[i] = (shard << 24) | before.chunks[entry >>> before.shift][entry & before.mask];
      }
    }
  }

  /** Writes the head of the entry, whose first key is new to the node, and of all others where they have less in common now. */
  #setHead(node: number, index: number): void {
    const { nodes } = this;
    const count = nodes.count(node);
    locateKey(this.shards, this.firstBelow(node, index), SCRATCH);
    if (count === 1) {
      nodes.setSkip(node, SCRATCH.length);
      nodes.setHead(node, 0, headAt(SCRATCH, SCRATCH.length));
      return;
    }
    const skip = nodes.skip(node);
    locateKey(this.shards, this.firstBelow(node, index === 0 ? 1 : 0), OTHER);
    const common = commonBytes(SCRATCH, OTHER);
    if (common >= skip) {
      nodes.setHead(node, index, headAt(SCRATCH, skip));
      return;
    }
    // mark: order/heads-taken-anew
    nodes.setSkip(node, common);
    for (let i = 0; i < count; i++) {
      locateKey(this.shards, this.firstBelow(node, i), SCRATCH);
      nodes.setHead(node, i, headAt(SCRATCH, common));
    }
  }

  /** The first key of the node on the path at `level` is another: so it is for all of which it is the first child. */
  #firstChanged(level: number): void {
    for (let above = level + 1; above < this.height; above++) {
      this.#setHead(this.path[above], this.at[above]);
      if (this.at[above] > 0) return;
    }
  }

  /** The leaf on the path is full: gives room to it, or to a node above it that is in the way. The path is void then. */
  #grow(): void {
    const { nodes } = this;
    for (let level = 0; ; level++) {
      if (level === this.height - 1) this.#raiseRoot();
      const parent = this.path[level + 1];
      const siblings = nodes.count(parent);
      const from = Math.max(0, Math.min(this.at[level + 1] - 1, siblings - SHARING));
      const to = Math.min(siblings, from + SHARING);
      const isAppended = this.at[0] === NODE_ENTRIES && this.#isLastFrom(level + 1);
      if (!isAppended && this.#entriesOf(parent, from, to) <= (to - from) * SHARED_ENTRIES) {
        // mark: order/shared-with-neighbours
        this.#spread(level + 1, from, to, to - from);
        return;
      }
      if (siblings === NODE_ENTRIES) continue;
      // What is appended goes into a node of its own, and leaves a full one behind.
      if (isAppended) this.#split(level);
      else this.#spread(level + 1, from, to, to - from + 1);
      return;
    }
  }

  /** The root becomes the only child of another: it may have neighbours then. */
  #raiseRoot(): void {
    const { nodes, height } = this;
    const root = nodes.add(height);
    nodes.open(root, 0);
    nodes.setChild(root, 0, this.root);
    this.#setHead(root, 0);
    this.path[height] = root;
    this.at[height] = 0;
    this.root = root;
    this.height++;
  }

  /** Whether the path goes by the last entry, at that level and all above. */
  #isLastFrom(level: number): boolean {
    for (let above = level; above < this.height; above++) {
      if (this.at[above] !== this.nodes.count(this.path[above]) - 1) return false;
    }
    return true;
  }

  /** Moves the last entry of the node on the path, which is the last of its level, into a new one behind it. */
  #split(level: number): void {
    const { nodes } = this;
    const added = nodes.add(level);
    const [node, parent] = [this.path[level], this.path[level + 1]];
    const last = nodes.count(node) - 1;
    const child = nodes.child(node, last);
    nodes.close(node, last);
    nodes.open(added, 0);
    nodes.setChild(added, 0, child);
    this.#setHead(added, 0);
    const siblings = nodes.count(parent);
    nodes.open(parent, siblings);
    nodes.setChild(parent, siblings, added);
    this.#setHead(parent, siblings);
  }

  #entriesOf(parent: number, from: number, to: number): number {
    let entries = 0;
    for (let index = from; index < to; index++) entries += this.nodes.count(this.nodes.child(parent, index));
    return entries;
  }

  /**
   * Spreads what the children `from` to `to` of the node on the path hold evenly over `wanted` children, at most one more
   * than there were. Those that are too many have no parent then, and are returned.
   */
  #spread(level: number, from: number, to: number, wanted: number): number[] {
    const { nodes } = this;
    const parent = this.path[level];
    const added = wanted > to - from ? nodes.add(level - 1) : -1;
    const gathered = GATHERED;
    gathered.count = 0;
    for (let index = from; index < to; index++) gathered.add(nodes, nodes.child(parent, index));
    if (added >= 0) {
      // mark: order/one-more-node
      nodes.open(parent, to);
      nodes.setChild(parent, to, added);
    }
    const gone: number[] = [];
    for (let index = to - 1; index >= from + wanted; index--) {
      // mark: order/nodes-joined
      gone.push(nodes.child(parent, index));
      nodes.close(parent, index);
    }
    for (let part = 0; part < wanted; part++) {
      const begin = Math.floor((gathered.count * part) / wanted);
      const end = Math.floor((gathered.count * (part + 1)) / wanted);
      this.#fill(nodes.child(parent, from + part), begin, end);
    }
    // Their heads last: an entry is compared with another one, which has to have its keys.
    for (let index = from; index < from + wanted; index++) this.#setHead(parent, index);
    if (from === 0 && nodes.count(parent) > 0) this.#firstChanged(level);
    return gone;
  }

  /** Fills the node with what was gathered from `begin` to `end`. */
  #fill(node: number, begin: number, end: number): void {
    const { nodes } = this;
    const { heads, children, skips } = GATHERED;
    const count = end - begin;
    nodes.setCount(node, count);
    for (let i = 0; i < count; i++) nodes.setChild(node, i, children[begin + i]);
    locateKey(this.shards, this.firstBelow(node, 0), SCRATCH);
    locateKey(this.shards, this.firstBelow(node, count - 1), OTHER);
    // All that they have in common, though then most heads are new: what does not tell keys apart costs more each time.
    const skip = commonBytes(SCRATCH, OTHER);
    nodes.setSkip(node, skip);
    for (let i = 0; i < count; i++) {
      if (skips[begin + i] === skip) {
        nodes.setHead(node, i, heads[begin + i]);
      } else {
        locateKey(this.shards, this.firstBelow(node, i), SCRATCH);
        nodes.setHead(node, i, headAt(SCRATCH, skip));
      }
    }
  }

  /** Joins what has become sparse on the path, from the leaf up. */
  #tidy(): void {
    const { nodes } = this;
    const gone: number[] = [];
    for (let level = 1; level < this.height; level++) {
      const [parent, index] = [this.path[level], this.at[level]];
      const siblings = nodes.count(parent);
      const from = Math.max(0, Math.min(index - 1, siblings - JOINING));
      const to = Math.min(siblings, from + JOINING);
      const entries = this.#entriesOf(parent, from, to);
      const isEmpty = nodes.count(nodes.child(parent, index)) === 0;
      if (!isEmpty && entries > (to - from - 1) * JOINED_ENTRIES) break;
      const wanted = Math.min(to - from - 1, Math.ceil(entries / JOINED_ENTRIES));
      gone.push(...this.#spread(level, from, to, wanted));
    }
    this.#lowerRoot(gone);
    // The highest first, so that the one that moves into a gap is never one that goes.
    gone.sort((one, other) => other - one);
    for (const node of gone) this.#free(node);
  }

  /** A root with a single child is none: it goes long before that one is empty. */
  #lowerRoot(gone: number[]): void {
    const { nodes } = this;
    while (this.height > 1 && nodes.count(this.root) === 1) {
      // mark: order/root-lowered
      gone.push(this.root);
      this.root = nodes.child(this.root, 0);
      this.height--;
    }
  }

  /** Frees a node that nothing leads to. The last node moves into its place. */
  #free(node: number): void {
    const { nodes } = this;
    const last = nodes.length - 1;
    if (node !== last) this.#redirect(last, node);
    nodes.remove(node);
  }

  /** What leads to `node` leads to `target` from now on. */
  #redirect(node: number, target: number): void {
    if (node === this.root) {
      // mark: order/root-moved
      this.root = target;
      return;
    }
    // mark: order/node-moved
    locateKey(this.shards, this.firstBelow(node, 0), SCRATCH);
    const key = bytesOf(SCRATCH);
    this.search(key, 0, key.length);
    const level = this.nodes.level(node) + 1;
    this.nodes.setChild(this.path[level], this.at[level], target);
  }
}

// One each for all orders, as all methods are synchronous.
const GATHERED = new GatheredEntries(NODE_ENTRIES * JOINING);
const SCRATCH = new StoredKey();
const OTHER = new StoredKey();
