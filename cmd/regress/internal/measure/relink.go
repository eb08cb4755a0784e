package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// relinked is the newest binary of a package on a side whose functions are in another order.
type relinked struct {
	order int64
	path  string
}

// orderStep is how far the orders of two waves lie apart at least, so that each side has one of its
// own.
const orderStep = 8

// place is a package of a side.
type place struct {
	side baseline.Side
	path string
}

// relinker keeps one such binary for each package and side.
type relinker struct {
	mu      sync.Mutex
	have    map[place]relinked
	refused string // why no binary is linked anew; empty: they are
	asked   bool   // whether they may be
}

// relink makes sure that the binaries of a turn have their functions in its order, each side in one
// of its own, and has both linked before the first of them runs. Where that cannot be done the turn
// runs what was built, and a warning says so once.
func (m *measurement) relink(ctx context.Context, t turn) error {
	if t.order == 0 || len(m.o.Command) > 0 {
		return nil
	}
	if !m.relinker.asked {
		m.relinker.asked, m.relinker.refused = true, m.judged().Relinkable(ctx)
	}
	if m.relinker.refused == "" {
		errs := make([]error, len(t.sides))
		var wait sync.WaitGroup
		for i, side := range t.sides {
			wait.Go(func() {
				errs[i] = m.relinkSide(ctx, m.side(side), t.entry.key.Package, t.order+int64(slices.Index(m.plan.sides, side)))
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil && ctx.Err() == nil {
			m.relinker.refused = ingest.OneLine(err.Error())
		}
	}
	if m.relinker.refused == "" {
		return nil
	}
	return m.log.once(ingest.Warning("where the linker puts functions may be what a slowdown comes from, since no other order could be linked: " + m.relinker.refused))
}

func (m *measurement) relinkSide(ctx context.Context, one *side, path string, order int64) error {
	at := place{one.Side, path}
	m.relinker.mu.Lock()
	old := m.relinker.have[at]
	m.relinker.mu.Unlock()
	if old.order == order {
		return nil
	}
	p := one.Find(path)
	if p == nil || p.Binary == "" {
		return fmt.Errorf("%w: package %s of the %s has no binary", suite.ErrBuild, path, one.label())
	}
	if old.path != "" {
		_ = os.Remove(old.path) // a program is linked to where none is
	}
	binary, err := one.Relink(ctx, p, filepath.Join(m.tmp, "order-"+one.short()), order)
	if err != nil {
		return err
	}
	m.relinker.mu.Lock()
	defer m.relinker.mu.Unlock()
	if m.relinker.have == nil {
		m.relinker.have = map[place]relinked{}
	}
	m.relinker.have[at] = relinked{order, binary}
	return nil
}

// binary returns the program of one side of a turn.
func (m *measurement) binary(t turn, side baseline.Side) (path string, shuffled bool) {
	if t.order == 0 || m.relinker.refused != "" {
		return "", false
	}
	m.relinker.mu.Lock()
	defer m.relinker.mu.Unlock()
	have, ok := m.relinker.have[place{side, t.entry.key.Package}]
	return have.path, ok
}
