// The floor: what two C processes reach on this machine with a ring in shared memory, a pipe and a Unix socket. It is
// the yardstick of bench/peers, so it does what is known to be fast and leaves out what a library needs: no limits, no
// versions, no trust, no deadlines.
//
//	floor shm|shm-peek|shm-park|shm-yield|unix|pipe trip|flow|gather SIZE BATCH BUDGET
//
// A gather is a message to each of BATCH far processes, then the answer of each in turn.
//
// BUDGET is in seconds (0.3) or messages (1000x; then every byte is checked, else both ends of each message). It prints
// one line of key=value: n messages in ns; for trips p50, p95, p99 in ns.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("isb")
#else
#define PAUSE() ((void)0)
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
static int spins = 2000;        // looks before sleeping; one when parking or yielding
static int yields;              // who waits for a message lets others run and never sleeps
#define SMALL_RING (1u << 20)   // never slower than 64 or 256 KiB, and much faster when the scheduler interferes
#define LARGE_RING (4u << 20)   // two messages of 1 MiB and more
#define FRAGMENT (64u << 10)    // the receiver copies while the sender writes on
#define MORE (1u << 31)         // flag of a header: the message goes on in the next record
#define STREAM (64u << 10)      // user-space buffers of pipe and socket
#define JOIN (16u << 10)        // up to here a copy beside its header is cheaper than a second piece of writev

static void die(const char *what) {
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static uint64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// ---- The ring: one producer, one consumer.

// Each word that both sides touch has two cache lines of its own, because neighbours are fetched in pairs.
struct ctl {
	_Alignas(128) _Atomic uint64_t given;  // the consumer's position, written every eighth of the ring and when idle
	_Alignas(128) _Atomic uint32_t reader; // 1 while the consumer sleeps
	_Alignas(128) _Atomic uint32_t writer; // 1 while the producer sleeps
	_Alignas(128) char end;
};

// One side's private view.
struct ring {
	char *base; // the ring, and the ring once more after it, so that no record wraps
	uint64_t size, pos, given;
	struct ctl *ctl;
	_Atomic uint32_t *first; // the header of the open batch's first record, held back
	uint32_t head, held, batch;
};

static inline uint64_t record(uint32_t n) { return ((uint64_t)n + 4 + 7) & ~7ull; }

static inline char *at(struct ring *r) { return r->base + (r->pos & (r->size - 1)); }

static void doze(_Atomic uint32_t *asleep) {
	// The waker looks at the word without a full barrier, so it can miss us: never for longer than a millisecond.
	struct timespec t = {0, 1000000};
	syscall(SYS_futex, asleep, FUTEX_WAIT, 1, &t, 0, 0);
}

static inline void rouse(_Atomic uint32_t *asleep) {
	if (LIKELY(!atomic_load_explicit(asleep, memory_order_relaxed)))
		return;
	if (atomic_exchange(asleep, 0))
		syscall(SYS_futex, asleep, FUTEX_WAKE, 1, 0, 0, 0);
}

static inline void publish(struct ring *r) {
	if (!r->held)
		return;
	r->held = 0;
	atomic_store_explicit(r->first, r->head, memory_order_release);
	rouse(&r->ctl->reader);
}

static int room(struct ring *r, uint64_t need) {
	r->given = atomic_load_explicit(&r->ctl->given, memory_order_acquire);
	return r->pos + need - r->given <= r->size;
}

static __attribute__((noinline)) void await_room(struct ring *r, uint64_t need) {
	if (room(r, need))
		return;
	publish(r); // or the consumer has nothing to make room with
	for (;;) {
		for (int i = 0; i < spins; i++) {
			if (room(r, need))
				return;
			PAUSE();
		}
		atomic_store(&r->ctl->writer, 1);
		if (!room(r, need))
			doze(&r->ctl->writer);
		atomic_store(&r->ctl->writer, 0);
	}
}

// put writes one record. The header after it is zeroed first: the consumer polls that word next.
static inline void put(struct ring *r, const char *p, uint32_t n, uint32_t flags) {
	uint64_t need = record(n) + 8;
	if (r->pos + need - r->given > r->size)
		await_room(r, need);
	char *q = at(r);
	memcpy(q + 4, p, n);
	*(uint32_t *)(q + record(n)) = 0;
	_Atomic uint32_t *head = (_Atomic uint32_t *)q;
	r->pos += record(n);
	if (r->batch <= 1) {
		atomic_store_explicit(head, (n + 1) | flags, memory_order_release);
		rouse(&r->ctl->reader);
		return;
	}
	if (r->held == 0) {
		r->first = head;
		r->head = (n + 1) | flags;
	} else { // not reachable before the first
		atomic_store_explicit(head, (n + 1) | flags, memory_order_relaxed);
	}
	if (++r->held >= r->batch)
		publish(r);
}

static inline void give(struct ring *r) {
	r->given = r->pos;
	atomic_store_explicit(&r->ctl->given, r->pos, memory_order_release);
	rouse(&r->ctl->writer);
}

static __attribute__((noinline)) uint32_t await_head(struct ring *r, _Atomic uint32_t *head) {
	uint32_t h;
	for (int pass = 0;; pass++) {
		for (int i = 0; i < spins; i++) {
			if ((h = atomic_load_explicit(head, memory_order_acquire)))
				return h;
			PAUSE();
		}
		if (pass == 0)
			give(r);
		if (yields) {
			sched_yield();
			continue;
		}
		atomic_store(&r->ctl->reader, 1);
		if (!atomic_load(head))
			doze(&r->ctl->reader);
		atomic_store(&r->ctl->reader, 0);
	}
}

// peek returns the next record where it lies; take gives it back.
static inline char *peek(struct ring *r, uint32_t *n, uint32_t *more) {
	_Atomic uint32_t *head = (_Atomic uint32_t *)at(r);
	uint32_t h = atomic_load_explicit(head, memory_order_acquire);
	if (!h)
		h = await_head(r, head);
	*n = (h & ~MORE) - 1;
	*more = h & MORE;
	return (char *)head + 4;
}

static inline void take(struct ring *r, uint32_t n) {
	r->pos += record(n);
	if (r->pos - r->given >= r->size / 8)
		give(r);
}

static char *map_twice(uint64_t size) {
	int fd = memfd_create("floor", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		die("memfd");
	char *base = mmap(0, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < 2; i++)
		if (mmap(base + (uint64_t)i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
			die("mmap");
	close(fd);
	return base;
}

// ---- The stream: a length of four bytes, then the message; one write a message or a batch.

struct stream {
	int in, out;
	char *inbuf, *outbuf;
	uint32_t from, to; // what is read and not taken yet
	uint32_t len, held, batch;
};

static void write_all(int fd, struct iovec *v, int count) {
	while (count) {
		ssize_t k = count == 1 ? write(fd, v->iov_base, v->iov_len) : writev(fd, v, count);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			die("write");
		for (; count && (size_t)k >= v->iov_len; v++, count--)
			k -= (ssize_t)v->iov_len;
		if (count) {
			v->iov_base = (char *)v->iov_base + k;
			v->iov_len -= (size_t)k;
		}
	}
}

static void flush(struct stream *s) {
	if (s->len) {
		struct iovec v = {s->outbuf, s->len};
		write_all(s->out, &v, 1);
	}
	s->len = s->held = 0;
}

static inline void stream_put(struct stream *s, const char *p, uint32_t n) {
	if (n > JOIN) {
		flush(s);
		struct iovec v[2] = {{&n, 4}, {(void *)p, n}};
		write_all(s->out, v, 2);
		return;
	}
	if (s->len + 4 + n > STREAM)
		flush(s);
	memcpy(s->outbuf + s->len, &n, 4);
	memcpy(s->outbuf + s->len + 4, p, n);
	s->len += 4 + n;
	if (++s->held >= s->batch)
		flush(s);
}

static uint32_t read_some(int fd, char *p, uint32_t n) {
	for (;;) {
		ssize_t k = read(fd, p, n);
		if (k > 0)
			return (uint32_t)k;
		if (k == 0)
			_exit(0); // the other side closed
		if (errno != EINTR)
			die("read");
	}
}

static void fill(struct stream *s, uint32_t n) {
	if (s->to - s->from >= n)
		return;
	memmove(s->inbuf, s->inbuf + s->from, s->to - s->from);
	s->to -= s->from;
	s->from = 0;
	while (s->to < n)
		s->to += read_some(s->in, s->inbuf + s->to, STREAM - s->to);
}

static inline uint32_t stream_take(struct stream *s, char *dst) {
	uint32_t n;
	fill(s, 4);
	memcpy(&n, s->inbuf + s->from, 4);
	s->from += 4;
	uint32_t have = s->to - s->from < n ? s->to - s->from : n;
	memcpy(dst, s->inbuf + s->from, have);
	s->from += have;
	if (n - have > JOIN) // past the buffer, straight to its place
		while (have < n)
			have += read_some(s->in, dst + have, n - have);
	else if (have < n) {
		fill(s, n - have);
		memcpy(dst + have, s->inbuf + s->from, n - have);
		s->from += n - have;
	}
	return n;
}

// ---- One face for both.

struct end {
	int shm, place;
	struct ring tx, rx;
	struct stream s;
	char *buf;     // a received message
	uint32_t lent; // bytes of the ring that the caller looks at, plus one
};

static inline void send_message(struct end *e, const char *p, uint32_t n) {
	if (!e->shm) {
		stream_put(&e->s, p, n);
		return;
	}
	if (!e->place)
		for (; n > FRAGMENT; p += FRAGMENT, n -= FRAGMENT)
			put(&e->tx, p, FRAGMENT, MORE);
	put(&e->tx, p, n, 0);
}

static inline void flush_messages(struct end *e) { e->shm ? publish(&e->tx) : flush(&e->s); }

// recv_message returns the next message; it is valid until the next call.
static inline char *recv_message(struct end *e, uint32_t *n) {
	if (!e->shm) {
		*n = stream_take(&e->s, e->buf);
		return e->buf;
	}
	uint32_t k, more, all = 0;
	if (e->place) {
		if (e->lent)
			take(&e->rx, e->lent - 1);
		char *p = peek(&e->rx, n, &more);
		e->lent = *n + 1;
		return p;
	}
	do {
		char *p = peek(&e->rx, &k, &more);
		memcpy(e->buf + all, p, k);
		take(&e->rx, k);
		all += k;
	} while (more);
	*n = all;
	return e->buf;
}

// ---- What is done with it.

static uint32_t size, batch;
static int whole; // check every byte

static inline void stamp(char *p, uint64_t number) {
	if (whole)
		for (uint32_t i = 0; i < size; i++)
			p[i] = (char)(number + i);
	memcpy(p + size - 8, &number, 8);
	memcpy(p, &number, 8);
}

static inline void check(const char *p, uint32_t n, uint64_t number) {
	uint64_t a, b;
	memcpy(&a, p, 8);
	memcpy(&b, p + n - 8, 8);
	int ok = n == size && a == number && b == number;
	if (whole)
		for (uint32_t i = 8; ok && i < n - 8; i++)
			ok = p[i] == (char)(number + i);
	if (!ok) {
		fprintf(stderr, "floor: message %llu of %u bytes arrived as %llu...%llu of %u\n", (unsigned long long)number, size,
			(unsigned long long)a, (unsigned long long)b, n);
		_exit(1);
	}
}

#define QUESTION UINT64_MAX // as the number of a message: how many were there?

static void far_side(struct end *e, int echo) {
	char answer[64] = {0};
	for (uint64_t count = 0;;) {
		uint32_t n;
		uint64_t number;
		char *p = recv_message(e, &n);
		if (echo) {
			send_message(e, p, n);
			continue;
		}
		memcpy(&number, p, 8);
		if (number == QUESTION) {
			memcpy(answer, &count, 8);
			send_message(e, answer, sizeof answer);
			flush_messages(e);
			continue;
		}
		check(p, n, ++count);
	}
}

// Durations in a histogram with 128 steps an octave.
static uint32_t steps[64 * 128];

static void note(uint64_t ns) {
	int shift = ns < 128 ? 0 : 63 - __builtin_clzll(ns) - 7;
	steps[shift * 128 + (int)(ns >> shift)]++;
}

static uint64_t quantile(double q, uint64_t n) {
	uint64_t want = (uint64_t)(q * (double)n + .5), sum = 0;
	for (int i = 0; i < 64 * 128; i++)
		if ((sum += steps[i]) >= want && sum) {
			int shift = i < 256 ? 0 : i / 128 - 1;
			return ((uint64_t)(i - shift * 128) << shift) + (shift ? 1ull << (shift - 1) : 0);
		}
	return 0;
}

// trips measures round trips with all of the ends at once.
static void trips(struct end **e, uint32_t ends, uint64_t budget_ns, uint64_t budget_n) {
	char *p = calloc(1, size);
	uint64_t number = 0, n = 0, start = 0, t0, t1, warm = whole ? 0 : 200, began = now();
	for (;;) {
		uint32_t k;
		stamp(p, ++number);
		t0 = now();
		for (uint32_t i = 0; i < ends; i++)
			send_message(e[i], p, size);
		char *q = recv_message(e[0], &k);
		for (uint32_t i = 1; i < ends; i++) {
			check(q, k, number);
			q = recv_message(e[i], &k);
		}
		t1 = now();
		check(q, k, number);
		if (!start) {
			if (number < warm && t1 - began < budget_ns / 5)
				continue;
			start = whole ? t0 : t1;
			if (!whole)
				continue;
		}
		note(t1 - t0);
		n++;
		if (whole ? n >= budget_n : t1 - start >= budget_ns)
			break;
	}
	printf("n=%llu ns=%llu p50=%llu p95=%llu p99=%llu\n", (unsigned long long)n, (unsigned long long)(t1 - start),
		(unsigned long long)quantile(.5, n), (unsigned long long)quantile(.95, n), (unsigned long long)quantile(.99, n));
}

static void confirm(struct end *e, uint64_t sent) {
	char question[64];
	uint64_t count;
	uint32_t n;
	memset(question, 0xff, sizeof question);
	send_message(e, question, sizeof question);
	flush_messages(e);
	memcpy(&count, recv_message(e, &n), 8);
	if (count != sent) {
		fprintf(stderr, "floor: %llu messages sent, %llu arrived\n", (unsigned long long)sent, (unsigned long long)count);
		_exit(1);
	}
}

static uint64_t pour(struct end *e, char *p, uint64_t *number, uint64_t end, uint64_t most) {
	uint64_t n = 0, look = size >= 65536 ? 0 : 63;
	while (n < most) {
		stamp(p, ++*number);
		send_message(e, p, size);
		if ((++n & look) == 0 && now() >= end)
			break;
	}
	return n;
}

static void flows(struct end *e, uint64_t budget_ns, uint64_t budget_n) {
	char *p = calloc(1, size);
	uint64_t number = 0;
	if (!whole) {
		pour(e, p, &number, now() + budget_ns / 10, UINT64_MAX);
		confirm(e, number);
	}
	uint64_t start = now();
	uint64_t n = pour(e, p, &number, whole ? UINT64_MAX : start + budget_ns, whole ? budget_n : UINT64_MAX);
	confirm(e, number);
	printf("n=%llu ns=%llu\n", (unsigned long long)n, (unsigned long long)(now() - start));
}

// ---- The processes.

#define MOST 64 // far processes

static void far_died(int sig) {
	(void)sig;
	static const char text[] = "floor: the far process died\n";
	if (write(2, text, sizeof text - 1) < 0) {}
	_exit(1);
}

// open_ends makes both sides before the fork.
static void open_ends(const char *how, struct end e[2]) {
	int a[2], b[2];
	memset(e, 0, 2 * sizeof *e);
	for (int i = 0; i < 2; i++) {
		e[i].buf = calloc(1, size + 64);
		e[i].s.inbuf = malloc(STREAM);
		e[i].s.outbuf = malloc(STREAM);
		e[i].s.batch = e[i].tx.batch = i == 0 ? batch : 1;
	}
	if (!strcmp(how, "pipe")) {
		if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC))
			die("pipe");
		e[0].s.out = a[1], e[1].s.in = a[0], e[1].s.out = b[1], e[0].s.in = b[0];
	} else if (!strcmp(how, "unix")) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a))
			die("socketpair");
		e[0].s.in = e[0].s.out = a[0], e[1].s.in = e[1].s.out = a[1];
	} else if (!strncmp(how, "shm", 3)) {
		yields = !strcmp(how, "shm-yield");
		if (yields || !strcmp(how, "shm-park"))
			spins = 1;
		uint64_t bytes = size > 64u << 10 ? LARGE_RING : SMALL_RING;
		struct ctl *ctl = mmap(0, 2 * sizeof *ctl, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (ctl == MAP_FAILED)
			die("mmap");
		for (int i = 0; i < 2; i++) {
			e[i].shm = 1;
			e[i].place = !strcmp(how, "shm-peek");
			e[i].tx.base = e[!i].rx.base = map_twice(bytes);
			e[i].tx.size = e[!i].rx.size = bytes;
			e[i].tx.ctl = e[!i].rx.ctl = &ctl[i];
		}
	} else {
		fprintf(stderr, "floor: no mechanism %s\n", how);
		_exit(2);
	}
}

int main(int argc, char **argv) {
	if (argc != 6) {
		fprintf(stderr, "usage: floor shm|shm-peek|shm-park|shm-yield|unix|pipe trip|flow|gather SIZE BATCH SECONDS|COUNTx\n");
		return 2;
	}
	size = (uint32_t)atoi(argv[3]);
	batch = (uint32_t)atoi(argv[4]);
	whole = strchr(argv[5], 'x') != 0;
	uint64_t budget_ns = (uint64_t)(atof(argv[5]) * 1e9), budget_n = (uint64_t)atof(argv[5]);
	int crowd = !strcmp(argv[2], "gather"), echo = crowd || !strcmp(argv[2], "trip");
	uint32_t ends = crowd ? batch : 1;
	if (crowd)
		batch = 1;
	if (size < 16 || size > 64u << 20) {
		fprintf(stderr, "floor: a message of %u bytes, want 16 to 64 MiB\n", size);
		return 2;
	}
	struct end *near[MOST];
	pid_t self = getpid(), far[MOST];
	if (ends < 1 || ends > MOST) {
		fprintf(stderr, "floor: %u far processes, want 1 to %d\n", ends, MOST);
		return 2;
	}
	signal(SIGCHLD, far_died);
	for (uint32_t i = 0; i < ends; i++) {
		struct end *e = malloc(2 * sizeof *e);
		open_ends(argv[1], e);
		near[i] = &e[0];
		if ((far[i] = fork()) < 0)
			die("fork");
		if (far[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != self)
				_exit(0);
			far_side(&e[1], echo);
		}
	}
	echo ? trips(near, ends, budget_ns, budget_n) : flows(near[0], budget_ns, budget_n);
	signal(SIGCHLD, SIG_DFL);
	for (uint32_t i = 0; i < ends; i++) {
		kill(far[i], SIGKILL);
		waitpid(far[i], 0, 0);
	}
	return 0;
}
