/* Counts the instructions by the stack of calls that they are on: part of
   insn.c, for finding out where two programs differ.

   A block that ends in a call is followed by the callee's first block, and one
   that ends in a return by the block behind the call: so the stack is known
   without reading the program's memory. Go's scheduler goes from one goroutine
   to another by a jump, in runtime.gogo; where that lands is looked up among
   the stacks that were left. Of several goroutines that wait at one place it
   may be another one's: the stack is right again when that function returns.

   A call that is on its stack already is not entered a second time, so that
   recursion does not grow.

   What it writes behind the line of insn.c, numbers in hexadecimal but COUNT:

     n PARENT CALL TO COUNT  a stack: its caller's, by number from 1, 0 for none; the
                          addresses of the call and of what it called first; and how
                          often it was called
     b PC SIZES           a block: its address, and a digit for each instruction's size
     c STACK BLOCK COUNT  how often that block ran on that stack, blocks from 0 */

enum kind { PLAIN, CALL, RETURN };
struct block {
  uint64_t pc, last, end; /* of the first instruction, of the last one, and behind it */
  enum kind kind;
  uint32_t number;
  char *sizes;
};
struct frame { uint64_t back; uint32_t node; }; /* where a call returns to, and its caller */
struct stack {
  struct frame *frames;
  uint32_t depth, room, node;
  struct block *before;
};
struct node { uint64_t call, to, count; uint32_t parent; };
struct cell { uint64_t count; struct block *block; uint32_t node; };
struct edge { uint64_t call; uint32_t parent, node; };

enum { NODES = 1 << 20, CELLS = 1 << 22, DEEPEST = 1 << 20, PARKED = 64 };
static struct { uint64_t from, to; } gogo;
static struct node *nodes;
static struct edge *edges; /* by call and parent: 2 * NODES of them */
static struct cell *cells;
static uint32_t n_nodes = 1, n_edges, n_cells, n_blocks;
static struct block **blocks;
static struct stack stacks[VCPUS], parked[PARKED];
static unsigned next_parked;
static int full;

static uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t h = (a ^ b << 40 ^ b >> 24) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

/* forget drops what was counted. */
static void forget(void) {
  uint32_t i;
  for (i = 0; n_cells && i < CELLS; i++) cells[i].count = 0;
  for (i = 0; i < n_nodes; i++) nodes[i].count = 0;
}

static enum kind kind_of(const struct qemu_plugin_insn *i) {
  unsigned char b[16] = {0};
  size_t size = bytes(i, b), at = 0;
  if (arm) {
    uint32_t w = b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
    if ((w & 0xfc000000) == 0x94000000 || (w & 0xfffffc1f) == 0xd63f0000) return CALL;
    return (w & 0xfffffc1f) == 0xd65f0000 ? RETURN : PLAIN;
  }
  if (b[0] == 0xf3) at++; /* rep ret */
  if (b[at] == 0xc3 && size == at + 1) return RETURN;
  if (b[0] >= 0x40 && b[0] < 0x50) at = 1;
  if (b[at] == 0xe8) return CALL;
  return b[at] == 0xff && (b[at + 1] >> 3 & 7) == 2 ? CALL : PLAIN;
}

/* block_of returns what is kept of a block of n instructions. */
static struct block *block_of(struct qemu_plugin_tb *tb, size_t n) {
  struct block *b = calloc(1, sizeof *b);
  size_t k;
  b->sizes = calloc(n + 1, 1);
  for (k = 0; k < n; k++) {
    struct qemu_plugin_insn *i = qemu_plugin_tb_get_insn(tb, k);
    size_t size = qemu_plugin_insn_size(i);
    if (k == 0) b->pc = qemu_plugin_insn_vaddr(i);
    b->last = qemu_plugin_insn_vaddr(i);
    b->end = b->last + size;
    b->kind = kind_of(i);
    b->sizes[k] = "0123456789abcdef"[size & 15];
  }
  pthread_mutex_lock(&lock);
  if ((n_blocks & (n_blocks - 1)) == 0) {
    blocks = realloc(blocks, 2 * (n_blocks + 1) * sizeof *blocks);
  }
  b->number = n_blocks++;
  blocks[b->number] = b;
  pthread_mutex_unlock(&lock);
  return b;
}

/* child returns the stack of a call from another one. */
static uint32_t child(uint32_t parent, uint64_t call, uint64_t to) {
  uint64_t h = mix(call, parent);
  struct edge *e;
  uint32_t up;
  for (;; h++) {
    e = &edges[h & (2 * NODES - 1)];
    if (!e->node) break;
    if (e->call == call && e->parent == parent) return e->node;
  }
  for (up = parent; up && nodes[up].call != call; up = nodes[up].parent) {
  }
  if (!up) {
    if (n_nodes == NODES) return full = 1, parent;
    up = n_nodes++;
    nodes[up] = (struct node){call, to, 0, parent};
  }
  if (++n_edges > NODES + NODES / 2) return full = 1, n_edges--, parent;
  *e = (struct edge){call, parent, up};
  return up;
}

static void push(struct stack *s, uint64_t back) {
  if (s->depth == DEEPEST) s->depth = 0;
  if (s->depth == s->room) {
    s->room = s->room ? 2 * s->room : 64;
    s->frames = realloc(s->frames, s->room * sizeof *s->frames);
  }
  s->frames[s->depth++] = (struct frame){back, s->node};
}

/* unwind goes back to the call that returns to an address, where there is one. */
static int unwind(struct stack *s, uint64_t back) {
  uint32_t i;
  for (i = s->depth; i > 0; i--) {
    if (s->frames[i - 1].back == back) {
      s->depth = i - 1, s->node = s->frames[i - 1].node;
      return 1;
    }
  }
  return 0;
}

static void copy(struct stack *to, const struct stack *from) {
  uint32_t i;
  to->depth = 0;
  for (i = 0; i < from->depth; i++) {
    to->node = from->frames[i].node;
    push(to, from->frames[i].back);
  }
  to->node = from->node;
}

/* land finds the stack of a goroutine that goes on at an address. */
static void land(struct stack *s, uint64_t pc) {
  unsigned i, n = LOAD(used);
  struct stack left = {0}, *p;
  if (unwind(s, pc)) return;
  copy(&left, s);
  s->depth = s->node = 0;
  for (i = 0; i < PARKED; i++) {
    p = &parked[(next_parked + PARKED - 1 - i) % PARKED];
    if (!unwind(p, pc)) continue;
    copy(s, p);
    p->depth = p->node = 0;
    goto found;
  }
  for (i = 0; i < n && i < VCPUS; i++) {
    if (&stacks[i] == s) continue;
    copy(s, &stacks[i]);
    if (unwind(s, pc)) goto found;
  }
  s->depth = s->node = 0;
found:
  if (left.depth) {
    p = &parked[next_parked++ % PARKED];
    copy(p, &left);
  }
  free(left.frames);
}

static int counting(unsigned v) { return running && on && !LOAD(vcpu(v)->left_out); }

/* entered counts a block that is about to run. */
static void entered(unsigned v, void *data) {
  struct block *b = data, *before;
  struct stack *s = &stacks[v < VCPUS ? v : VCPUS - 1];
  pthread_mutex_lock(&lock);
  before = s->before;
  s->before = b;
  if (before && before->kind == CALL && b->pc != before->end) {
    push(s, before->end);
    s->node = child(s->node, before->last, b->pc);
    if (counting(v)) nodes[s->node].count++;
  } else if (before && (before->kind == RETURN || (before->pc >= gogo.from && before->pc < gogo.to &&
                                                  !(b->pc >= gogo.from && b->pc < gogo.to)))) {
    land(s, b->pc);
  }
  if (counting(v)) {
    uint64_t h = mix((uintptr_t)b, s->node);
    struct cell *c;
    for (;; h++) {
      c = &cells[h & (CELLS - 1)];
      if (c->block == b && c->node == s->node) break;
      if (!c->block) {
        if (n_cells > CELLS / 2) {
          full = 1, c = NULL;
          break;
        }
        n_cells++;
        c->block = b, c->node = s->node;
        break;
      }
    }
    if (c) c->count++;
  }
  pthread_mutex_unlock(&lock);
}

static void write_stacks(void) {
  FILE *f = fdopen(result, "w");
  uint32_t i;
  if (!f) _exit(125);
  if (full) fprintf(f, "full\n");
  for (i = 1; i < n_nodes; i++) {
    struct node *n = &nodes[i];
    fprintf(f, "n %" PRIx32 " %" PRIx64 " %" PRIx64 " %" PRIu64 "\n", n->parent, n->call, n->to, n->count);
  }
  for (i = 0; i < n_blocks; i++) fprintf(f, "b %" PRIx64 " %s\n", blocks[i]->pc, blocks[i]->sizes);
  for (i = 0; i < CELLS; i++) {
    if (cells[i].count) fprintf(f, "c %" PRIx32 " %" PRIx32 " %" PRIu64 "\n", cells[i].node, cells[i].block->number, cells[i].count);
  }
  if (fflush(f)) _exit(125);
}

static int allocate(void) {
  nodes = calloc(NODES, sizeof *nodes);
  edges = calloc(2 * NODES, sizeof *edges);
  cells = calloc(CELLS, sizeof *cells);
  return nodes && edges && cells;
}
