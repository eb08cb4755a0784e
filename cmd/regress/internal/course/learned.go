package course

import (
	"sync"

	"github.com/descartes/regress/pkg/gate/trend"
)

// Learned is what was learned of the series of one project, for whoever makes a page of them again
// after more runs. It never changes what a page says. The zero value knows nothing; safe for
// several pages at once.
type Learned struct {
	mu     sync.Mutex
	states map[Name][]byte
}

// New is New, and fits only what is behind the points that it has seen.
func (l *Learned) New(points map[Name][]Point, history []Commit) (Page, error) {
	return newPage(points, history, l)
}

// resume lets a series go on from what was learned of it.
func (l *Learned) resume(name Name, s *trend.Series) {
	if l == nil {
		return
	}
	l.mu.Lock()
	state := l.states[name]
	l.mu.Unlock()
	s.Resume(state)
}

// keep keeps what was learned of a series.
func (l *Learned) keep(name Name, s *trend.Series) {
	if l == nil {
		return
	}
	state := s.State()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.states == nil {
		l.states = map[Name][]byte{}
	}
	l.states[name] = state
}
