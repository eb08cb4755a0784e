package pattern

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// ErrNoMembers says that nobody is there: every member has left and was reported, or none was ever added.
var ErrNoMembers = errors.New("no members left: add one")

// ErrUnknown says that the group has no member of that name.
var ErrUnknown = errors.New("no such member")

// Member is a connection with a name, which is what errors and Recv call it.
//
// A connection may have methods beyond ipc.Conn that let a group do without a wait or a second look, as the transports of this
// module do: TrySend(p []byte) error, TryFlush() error, TryPeek() (p []byte, ok bool, err error),
// Watch(context.Context) error and Among(n int), which hears how many members there are. Without
// TrySend a full member is waited for where another would have had room, unless its configuration says NoWait; without TryFlush the same
// goes for batches, unless Flush does not wait.
type Member struct {
	Name string
	Conn ipc.Conn
}

// MemberError is what happened to one member.
type MemberError struct {
	Name string
	// Sent and Received count the messages that the group gave to the member's connection and took from it.
	Sent, Received uint64
	// Err is the connection's error. ErrTimeout, ErrFull and ErrTooLarge leave the member in the group.
	Err error
}

// Error gives the name, the error and the counts.
func (e *MemberError) Error() string {
	return fmt.Sprintf("member %s: %v (sent %d, received %d)", e.Name, e.Err, e.Sent, e.Received)
}

// Unwrap returns Err.
func (e *MemberError) Unwrap() error { return e.Err }

// Undelivered are the members that did not get a message that the others got.
type Undelivered []*MemberError

// Error lists them.
func (u Undelivered) Error() string { return errors.Join(u.Unwrap()...).Error() }

// Unwrap returns them as errors.
func (u Undelivered) Unwrap() []error {
	errs := make([]error, len(u))
	for i, e := range u {
		errs[i] = e
	}
	return errs
}

// Group is a set of members. One goroutine at a time may use its sending half (Send, SendAny, SendAll,
// Flush) and one its receiving half (Recv, Peek, Release); Add, Drop, Names and Close may be called from anywhere.
// Nobody else may use the members' connections.
type Group struct {
	timeout time.Duration
	noWait  bool
	cores   int // as many as this process can use at once

	mu     sync.Mutex // of who changes the set
	set    atomic.Pointer[set]
	closed atomic.Bool
	bell   chan struct{} // something has changed for Recv

	tx sendHalf
	_  [128]byte // the halves are used by two goroutines: keep their cache lines apart
	rx recvHalf
}

// set is never changed, only replaced.
type set struct {
	list   []*member
	byName map[string]*member
}

type member struct {
	name string
	conn ipc.Conn
	try  func(p []byte) error            // sends without waiting, as far as the connection can
	kick func(ctx context.Context) error // flushes without waiting, likewise

	_    [128]byte
	sent atomic.Uint64 // written by the sending half
	gone error         // why the sending half has given it up; its own

	_        [128]byte
	peek     func() (p []byte, ok bool, err error) // looks without waiting
	watch    func(context.Context) error           // waits until there is something to see
	received atomic.Uint64                         // written by the receiving half
	misses   int                                   // polls in a row without a message; its own
	watched  atomic.Bool                           // the watching goroutine has the connection's receiving half
	look     chan struct{}                         // hands it over; nil as long as there is no such goroutine
	left     chan struct{}                         // closed when the member is out of the group
}

// New makes a group. Of cfg it reads Timeout and NoWait: give it what the connections were made with. The
// group owns the connections, unless it returns an error.
func New(cfg ipc.Config, members ...Member) (*Group, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	g := &Group{timeout: cfg.Timeout, noWait: cfg.NoWait, bell: make(chan struct{}, 1)}
	g.cores = cores.Count()
	g.set.Store(&set{byName: map[string]*member{}})
	g.rx.polls = pollsMax / 4
	for _, m := range members {
		if err := g.Add(m); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Add adds a member, which a waiting Recv hears at once. A name that is taken is an error, and m stays the caller's.
func (g *Group) Add(m Member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.set.Load()
	switch {
	case g.closed.Load():
		return fmt.Errorf("add %s to group: %w", m.Name, ipc.ErrClosed)
	case m.Conn == nil:
		return fmt.Errorf("add %s to group: it has no connection", m.Name)
	case old.byName[m.Name] != nil:
		return fmt.Errorf("add %s to group: the name is taken: drop the other first", m.Name)
	}
	n := newMember(m, g.noWait)
	byName := maps.Clone(old.byName)
	byName[n.name] = n
	g.store(append(slices.Clone(old.list), n), byName)
	g.ring()
	return nil
}

// store makes these the members, and tells each how many they are.
func (g *Group) store(list []*member, byName map[string]*member) {
	g.set.Store(&set{list: list, byName: byName})
	for _, m := range list {
		if c, ok := m.conn.(interface{ Among(n int) }); ok {
			c.Among(len(list))
		}
	}
}

// newMember finds out what m's connection can do beyond ipc.Conn.
func newMember(m Member, noWait bool) *member {
	n := &member{name: m.Name, conn: m.Conn, left: make(chan struct{})}
	n.try = func(p []byte) error { return n.conn.Send(context.Background(), p) }
	if t, ok := m.Conn.(interface{ TrySend(p []byte) error }); ok && !noWait {
		n.try = t.TrySend
	}
	n.kick = m.Conn.Flush // which does not wait in shared memory
	if t, ok := m.Conn.(interface{ TryFlush() error }); ok {
		n.kick = func(context.Context) error { return t.TryFlush() }
	}
	n.peek = func() (p []byte, ok bool, err error) {
		if !n.conn.Ready() {
			return nil, false, nil
		}
		p, err = n.conn.Peek(context.Background())
		return p, err == nil, err
	}
	if t, ok := m.Conn.(interface{ TryPeek() ([]byte, bool, error) }); ok {
		n.peek = t.TryPeek
	}
	n.watch = func(ctx context.Context) error { // Peek takes nothing
		_, err := n.conn.Peek(ctx)
		return err
	}
	if w, ok := m.Conn.(interface{ Watch(context.Context) error }); ok {
		n.watch = w.Watch
	}
	return n
}

// Drop takes a member out, closes its connection and forgets what it sent that was not received. Nothing reports it any more.
func (g *Group) Drop(name string) error {
	m := g.set.Load().byName[name]
	if m == nil || !g.remove(m) {
		return fmt.Errorf("drop %s from group: %w", name, ErrUnknown)
	}
	g.ring()
	if err := m.conn.Close(); err != nil {
		return m.failed(err)
	}
	return nil
}

// remove takes m out of the set, and says whether it was in.
func (g *Group) remove(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.set.Load()
	if old.byName[m.name] != m {
		return false
	}
	byName := maps.Clone(old.byName)
	delete(byName, m.name)
	list := slices.DeleteFunc(slices.Clone(old.list), func(x *member) bool { return x == m })
	g.store(list, byName)
	close(m.left)
	return true
}

// Names are the members' names in the order they were added, those included whose end was not reported yet.
func (g *Group) Names() []string {
	var names []string
	for _, m := range g.set.Load().list {
		names = append(names, m.name)
	}
	return names
}

// Close closes every connection and wakes waiting calls, which return ErrClosed. The error joins those of the
// members. A second Close does nothing and returns nil.
func (g *Group) Close() error {
	if g.closed.Swap(true) {
		return nil
	}
	g.mu.Lock() // an Add that did not see closed is done, later ones see it
	list := g.set.Load().list
	g.set.Store(&set{byName: map[string]*member{}})
	g.mu.Unlock()
	g.ring()
	errs := make([]error, len(list))
	var all sync.WaitGroup // each may wait for a slow member: together, not one after the other
	for i, m := range list {
		close(m.left)
		all.Go(func() {
			if err := m.conn.Close(); err != nil {
				errs[i] = m.failed(err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// ring wakes Recv.
func (g *Group) ring() {
	select {
	case g.bell <- struct{}{}:
	default:
	}
}

func (m *member) failed(err error) *MemberError {
	return &MemberError{Name: m.name, Sent: m.sent.Load(), Received: m.received.Load(), Err: err}
}

// fatal says whether err ends the connection that a call with ctx had it from.
func fatal(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil &&
		!errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrFull) && !errors.Is(err, ipc.ErrTooLarge)
}

// add counts in a word that one goroutine writes: no locked addition is needed.
func add(n *atomic.Uint64) { n.Store(n.Load() + 1) }
