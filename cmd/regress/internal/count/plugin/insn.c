/* Counts the instructions and the system calls of an unmodified Go test binary
   between the starts and the stops of a benchmark's timer, as a plugin of
   QEMU's user mode emulation. Licensed like the rest of this repository: see
   LICENSE (BSD-3-Clause).

     cc -O2 -fPIC -shared -DAPI=1 -o insn.so insn.c
     qemu-x86_64 -plugin file=insn.so,fd=3,run=A-B,start=A-B,stop=A-B,reset=A-B,sysmon=A-B \
       x.test -test.run '^$' -test.bench ... -test.benchtime=Nx 3>result

   fd is where the result is written when the program ends; the others are the
   addresses, in hexadecimal, from and to which testing.(*B).runN, StartTimer,
   StopTimer and ResetTimer reach, and runtime.sysmon.

   The window opens where StartTimer returns and closes where StopTimer is
   entered, so that what the two do themselves is outside. ResetTimer begins
   anew where it returns. Every start of runN forgets what was, and when one
   has returned nothing is counted until the next starts: a function with
   sub-benchmarks is a run of its own around theirs, and its timer runs on.
   So the result is that of the run that started last.

   runtime.sysmon is a thread that wakes up by the clock. It does the more the
   longer the program takes, and is left out.

   A callback of each block of instructions counts for its own virtual CPU, of
   which there is one a thread: no count is lost. Note: adding without a
   callback is not safe with threads in version 1 of the plugin API, and has
   another name from version 2 on.

   Compiled with -DSTACKS, it says besides on which stacks of calls they were:
   stacks.h.

   The declarations are those of the API; API is its version, 1 to 5. What is
   used here differs in qemu_plugin_insn_data alone, from 3 on. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* The beginning of what QEMU tells; no more of it is read. */
struct qemu_info {
  const char *target_name;
  struct {
    int min, cur;
  } version;
};

typedef void (*trans_cb)(plugin_id, struct qemu_plugin_tb *);
typedef void (*exec_cb)(unsigned, void *);
typedef void (*syscall_cb)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                           uint64_t, uint64_t, uint64_t, uint64_t);
typedef void (*exit_cb)(plugin_id, void *);

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, trans_cb);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, exec_cb, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_cb, int, void *);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, syscall_cb);
extern void qemu_plugin_register_atexit_cb(plugin_id, exit_cb, void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
#if API < 3
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
#else
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
#endif

EXPORT int qemu_plugin_version = API;

/* A virtual CPU is a thread. One beyond the last shares its place, where
   counts may be lost; a cache line each keeps the others apart. */
enum { VCPUS = 4096 };
static struct vcpu {
  uint64_t insns, syscalls, left_out, unused[5];
} vcpus[VCPUS] __attribute__((aligned(64)));
static unsigned used = 1; /* places; a thread of Go calls the system before it does anything */

static int arm;

static struct vcpu *vcpu(unsigned v) { return &vcpus[v < VCPUS ? v : VCPUS - 1]; }

/* bytes copies an instruction, of which there are up to 15 bytes, and returns its size. */
static size_t bytes(const struct qemu_plugin_insn *i, unsigned char *b) {
  size_t size = qemu_plugin_insn_size(i);
  if (size > 15) size = 15;
#if API < 3
  memcpy(b, qemu_plugin_insn_data(i), size);
#else
  qemu_plugin_insn_data(i, b, size);
#endif
  return size;
}

/* returns reports whether an instruction returns from a function of Go. */
static int returns(const struct qemu_plugin_insn *i) {
  unsigned char b[16] = {0};
  size_t size = bytes(i, b);
  return arm ? !memcmp(b, "\xc0\x03\x5f\xd6", 4) : size == 1 && b[0] == 0xc3;
}

/* Each is written by its own thread and read by any. */
#define LOAD(p) __atomic_load_n(&(p), __ATOMIC_RELAXED)
#define STORE(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELAXED)

enum event { RUN, RAN, START, STOP, RESET, SYSMON };
static struct { uint64_t from, to; } run, start, stop, reset_, sysmon;

struct count { uint64_t insns, syscalls; };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static struct count opened, total;
static uint64_t runs, starts;
static int running, on;
static int result = -1;
static pid_t self;

static struct count now(void) {
  struct count c = {0, 0};
  unsigned i, n = LOAD(used);
  for (i = 0; i < n; i++) {
    if (!LOAD(vcpus[i].left_out)) {
      c.insns += LOAD(vcpus[i].insns);
      c.syscalls += LOAD(vcpus[i].syscalls);
    }
  }
  return c;
}

#ifdef STACKS
#include "stacks.h"
#else
static void forget(void) {}
#endif

static void begin(void) {
  opened = now();
  on = 1;
  starts++;
}

static void end(void) {
  struct count c = now();
  total.insns += c.insns - opened.insns;
  total.syscalls += c.syscalls - opened.syscalls;
  on = 0;
}

static void happened(unsigned v, void *what) {
  pthread_mutex_lock(&lock);
  switch ((enum event)(uintptr_t)what) {
  case RUN:
    memset(&total, 0, sizeof total), forget();
    running = 1, on = 0, starts = 0, runs++;
    break;
  case RAN:
    running = on = 0;
    break;
  case START:
    if (running && !on) begin();
    break;
  case STOP:
    if (running && on) end();
    break;
  case RESET:
    if (running) memset(&total, 0, sizeof total), forget();
    if (running && on) begin();
    break;
  case SYSMON:
    STORE(vcpu(v)->left_out, 1);
    break;
  }
  pthread_mutex_unlock(&lock);
}

static void executed(unsigned v, void *insns) {
  struct vcpu *c = vcpu(v);
  STORE(c->insns, LOAD(c->insns) + (uintptr_t)insns);
}

static void called(plugin_id id, unsigned v, int64_t num, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  unsigned n = LOAD(used);
  while (v >= n && n < VCPUS &&
         !__atomic_compare_exchange_n(&used, &n, v < VCPUS ? v + 1 : VCPUS, 0, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
  STORE(vcpu(v)->syscalls, LOAD(vcpu(v)->syscalls) + 1);
}


static void on_event(struct qemu_plugin_insn *i, enum event e) {
  qemu_plugin_register_vcpu_insn_exec_cb(i, happened, 0, (void *)(uintptr_t)e);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb) {
  size_t k, n = qemu_plugin_tb_n_insns(tb);
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, (void *)(uintptr_t)n);
#ifdef STACKS
  qemu_plugin_register_vcpu_tb_exec_cb(tb, entered, 0, block_of(tb, n));
#endif
  for (k = 0; k < n; k++) {
    struct qemu_plugin_insn *i = qemu_plugin_tb_get_insn(tb, k);
    uint64_t a = qemu_plugin_insn_vaddr(i);
    if (a == run.from) on_event(i, RUN);
    if (a == stop.from) on_event(i, STOP);
    if (a == sysmon.from) on_event(i, SYSMON);
    if (a >= run.from && a < run.to && returns(i)) on_event(i, RAN);
    if (a >= start.from && a < start.to && returns(i)) on_event(i, START);
    if (a >= reset_.from && a < reset_.to && returns(i)) on_event(i, RESET);
  }
}

static void ended(plugin_id id, void *unused) {
  char text[200];
  int n;
  if (getpid() != self) return; /* a child between fork and exec */
  pthread_mutex_lock(&lock);
  n = snprintf(text, sizeof text,
               "instructions=%" PRIu64 " syscalls=%" PRIu64 " runs=%" PRIu64 " starts=%" PRIu64
               " running=%d\n",
               total.insns, total.syscalls, runs, starts, running);
  if (write(result, text, n) != n) _exit(125);
#ifdef STACKS
  write_stacks();
#endif
  pthread_mutex_unlock(&lock);
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv) {
  int i, known = 0;
  for (i = 0; i < argc; i++) {
    if (sscanf(argv[i], "fd=%d", &result) == 1) known |= 1;
    if (sscanf(argv[i], "run=%" SCNx64 "-%" SCNx64, &run.from, &run.to) == 2) known |= 2;
    if (sscanf(argv[i], "start=%" SCNx64 "-%" SCNx64, &start.from, &start.to) == 2) known |= 4;
    if (sscanf(argv[i], "stop=%" SCNx64 "-%" SCNx64, &stop.from, &stop.to) == 2) known |= 8;
    if (sscanf(argv[i], "reset=%" SCNx64 "-%" SCNx64, &reset_.from, &reset_.to) == 2) known |= 16;
#ifdef STACKS
    sscanf(argv[i], "gogo=%" SCNx64 "-%" SCNx64, &gogo.from, &gogo.to);
#endif
    if (sscanf(argv[i], "sysmon=%" SCNx64 "-%" SCNx64, &sysmon.from, &sysmon.to) == 2) known |= 32;
  }
  arm = !strcmp(info->target_name, "aarch64");
  if (known != 63 || (!arm && strcmp(info->target_name, "x86_64"))) {
    fprintf(stderr, "insn.so: wrong arguments, or a processor that is not known: %s\n",
            info->target_name);
    return 1;
  }
  /* The program's children must not have it. */
  if (fcntl(result, F_SETFD, FD_CLOEXEC)) {
    perror("insn.so: fd");
    return 1;
  }
#ifdef STACKS
  if (!allocate()) {
    perror("insn.so: stacks");
    return 1;
  }
#endif
  self = getpid();
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
