package shm

import (
	"fmt"
	"math/bits"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// A segment is the memory of one direction: a control page and, behind it, the rings of all levels,
// of which only the one in use has pages. It is mapped once as a window; a ring is a
// second and third mapping of a part of it. No descriptor stays open.
type segment struct {
	window unsafe.Pointer
	total  int
	shape  shape
	mu     sync.Mutex
	dead   bool
	whole  bool                           // all rings are mapped, and stay so: see mapRings
	rings  [ring.MaxLevels]unsafe.Pointer // mapped twice in a row, nil when not mapped
}

// shape is what the two sides must agree on about a segment.
type shape struct {
	base   int // bytes of the smallest ring: a power of two and of pages
	levels int
}

// page returns the alignment of everything mapped, and the size of the control page.
func page() int { return os.Getpagesize() }

// shapeOf returns the shape of the segment that cfg asks for.
func shapeOf(cfg ipc.Config) shape {
	base := max(ceil2(cfg.Buffer), page())
	s := shape{base: base, levels: 1}
	for s.levels < ring.MaxLevels && s.size(s.levels) <= cfg.MaxBuffer {
		s.levels++
	}
	return s
}

// ceil2 returns the smallest power of two not below n.
func ceil2(n int) int { return 1 << bits.Len(uint(n-1)) }

// size returns the bytes of a level's ring.
func (s shape) size(level int) int { return s.base << level }

// offset returns where a level's ring begins in the memory.
func (s shape) offset(level int) int { return page() + s.base*(1<<level-1) }

// total returns the bytes of the whole memory.
func (s shape) total() int { return s.offset(s.levels) }

// check returns an error for a peer's shape that this library does not make.
func (s shape) check() error {
	if s.levels < 1 || s.levels > ring.MaxLevels || s.base < page() || s.base > 1<<28 || s.base&(s.base-1) != 0 || s.base<<(s.levels-1) > 1<<28 {
		return fmt.Errorf("%w: a segment of %d levels from %d bytes", ipc.ErrCorrupt, s.levels, s.base)
	}
	return nil
}

// seals keep the other side from shrinking the file while it is mapped, which would kill this
// process with SIGBUS.
const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// newSegment makes the memory of one direction and the descriptor to pass on, which is the
// caller's to close.
func newSegment(s shape) (*segment, int, error) {
	fd, err := unix.MemfdCreate("ipc", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, -1, fmt.Errorf("make shared memory: memfd: %w", err)
	}
	fail := func(what string, err error) (*segment, int, error) {
		_ = unix.Close(fd)
		return nil, -1, fmt.Errorf("make shared memory: %s: %w", what, err)
	}
	if err := unix.Ftruncate(fd, int64(s.total())); err != nil {
		return fail("size", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return fail("seal", err)
	}
	g, err := mapSegment(fd, s)
	if err != nil {
		return fail("map", err)
	}
	return g, fd, nil
}

// openSegment maps the memory that the peer passed as fd, which is the caller's to close.
func openSegment(fd int, s shape) (*segment, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("open shared memory: %w", err)
	}
	have, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || have&seals != seals || have&unix.F_SEAL_WRITE != 0 || st.Size != int64(s.total()) {
		return nil, fmt.Errorf("%w: shared memory of %d bytes with seals %#x (%v), want %d and %#x", ipc.ErrCorrupt, st.Size, have, err, s.total(), seals)
	}
	return mapSegment(fd, s)
}

// mapSegment maps the memory of fd, which has shape s.
func mapSegment(fd int, s shape) (*segment, error) {
	w, err := unix.MmapPtr(fd, 0, nil, uintptr(s.total()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", s.total(), err)
	}
	g := &segment{window: w, total: s.total(), shape: s}
	if _, err := g.ring(0); err != nil {
		if g.mapRings(fd) != nil {
			g.unmap()
			return nil, err
		}
	}
	return g, nil
}

// mapRings maps the rings of all levels, of fd. It is for systems that cannot map shared memory
// again without its descriptor, such as emulators of another processor: what is not in use then
// costs addresses, and still no pages.
func (g *segment) mapRings(fd int) error {
	for level := range g.shape.levels {
		at, err := mapTwice(g.shape.size(level), func(at unsafe.Pointer, n uintptr) error {
			_, err := unix.MmapPtr(fd, int64(g.shape.offset(level)), at, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED)
			return err
		})
		if err != nil {
			return err
		}
		g.rings[level] = at
	}
	g.whole = true
	return nil
}

// mapTwice returns addresses for n bytes twice in a row, each of which put maps.
func mapTwice(n int, put func(at unsafe.Pointer, n uintptr) error) (unsafe.Pointer, error) {
	size := uintptr(n)
	at, err := unix.MmapPtr(-1, 0, nil, 2*size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("reserve %d bytes for a ring: %w", 2*size, err)
	}
	for i := range uintptr(2) {
		if err := put(unsafe.Add(at, i*size), size); err != nil {
			_ = unix.MunmapPtr(at, 2*size)
			return nil, fmt.Errorf("map a ring of %d bytes: %w", size, err)
		}
	}
	return at, nil
}

// control returns the page that both sides write.
func (g *segment) control() *ring.Control { return (*ring.Control)(g.window) }

// ring returns the memory of a level's ring, which it maps if it is not mapped.
func (g *segment) ring(level int) (unsafe.Pointer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rings[level] != nil {
		return g.rings[level], nil
	}
	if g.dead {
		return nil, ipc.ErrClosed
	}
	from := unsafe.Add(g.window, g.shape.offset(level))
	at, err := mapTwice(g.shape.size(level), func(at unsafe.Pointer, n uintptr) error {
		// An old size of zero makes a second mapping of the same shared pages: see mremap(2).
		_, err := unix.MremapPtr(from, 0, at, n, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED)
		return err
	})
	if err != nil {
		return nil, err
	}
	g.rings[level] = at
	return at, nil
}

// drop unmaps a level's ring. With free its pages go back to the system: for the consumer, who
// leaves last.
func (g *segment) drop(level int, free bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rings[level] == nil || g.dead {
		return
	}
	size := uintptr(g.shape.size(level))
	if !g.whole {
		_ = unix.MunmapPtr(g.rings[level], 2*size)
		g.rings[level] = nil
	}
	if free {
		// Not possible on some kernels; the pages then stay until the connection ends.
		_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(g.window, g.shape.offset(level))), size), unix.MADV_REMOVE)
	}
}

// unmap frees everything.
func (g *segment) unmap() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	for l, at := range g.rings {
		if at != nil {
			_ = unix.MunmapPtr(at, 2*uintptr(g.shape.size(l)))
		}
	}
	_ = unix.MunmapPtr(g.window, uintptr(g.total))
}

// blank puts private empty memory in the place of everything: a slice that somebody still holds
// stays readable and no longer is shared.
func (g *segment) blank() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	put := func(at unsafe.Pointer, n uintptr) {
		if at != nil {
			_, _ = unix.MmapPtr(-1, 0, at, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE|unix.MAP_FIXED)
		}
	}
	for l, at := range g.rings {
		put(at, 2*uintptr(g.shape.size(l)))
	}
	put(g.window, uintptr(g.total))
}
