package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/descartes/regress/cmd/regress/internal/watch"
)

// ledger is what was told where no issues are kept: a file beside the raw logs, by which nobody is
// notified twice. One process at a time has it.
type ledger struct {
	path   string
	lock   *os.File
	alerts []alertEntry
}

type alertEntry struct {
	Number int    `json:"number"`
	Open   bool   `json:"open"`
	Text   string `json:"text"` // with the mark
}

type ledgerFile struct {
	Version int          `json:"version"`
	Alerts  []alertEntry `json:"alerts"`
}

// ledgerVersion grows when an older program would misread the file.
const ledgerVersion = 1

// openLedger opens the ledger of this project and keeps others away until it is closed.
func (u *setup) openLedger() (*ledger, error) {
	folder := filepath.Join(u.root, stateDir, "watch")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("remember what was told: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return nil, fmt.Errorf("remember what was told: %w", err)
	}
	l := &ledger{path: filepath.Join(folder, "told.json")}
	var err error
	if l.lock, err = os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, fmt.Errorf("remember what was told: %w", err)
	}
	if err := syscall.Flock(int(l.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		l.close()
		return nil, fmt.Errorf("another regress watch is at work here (%s): %w", l.lock.Name(), err)
	}
	if err := l.read(); err != nil {
		l.close()
		return nil, fmt.Errorf("%w: mend it, or remove it to tell everything again", err)
	}
	return l, nil
}

func (l *ledger) close() { l.lock.Close() }

func (l *ledger) read() error {
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var file ledgerFile
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	switch {
	case err != nil:
		return fmt.Errorf("read what was told, %s: %w", l.path, err)
	case file.Version != ledgerVersion:
		return fmt.Errorf("read what was told, %s: it is of version %d, and this program knows %d", l.path, file.Version, ledgerVersion)
	}
	l.alerts = file.Alerts
	return nil
}

// known returns what was told.
func (l *ledger) known() (out []watch.Known) {
	for _, e := range l.alerts {
		if m, ok := watch.ReadMark(e.Text); ok {
			out = append(out, watch.Known{Number: e.Number, Mark: m, Open: e.Open, Text: e.Text})
		}
	}
	return out
}

// enter writes down an action that was carried out, and returns it as done.
func (l *ledger) enter(a watch.Action) (watch.Action, error) {
	entry := alertEntry{Number: 1, Open: a.Deed != watch.Close, Text: a.Text}
	for _, e := range l.alerts {
		entry.Number = max(entry.Number, e.Number+1)
	}
	at := len(l.alerts)
	if a.Known != nil {
		entry.Number = a.Known.Number
		for i, e := range l.alerts {
			if e.Number == entry.Number {
				at = i
			}
		}
	}
	l.alerts = append(l.alerts[:at:at], append([]alertEntry{entry}, l.alerts[min(at+1, len(l.alerts)):]...)...)
	a.Known, a.Done = &watch.Known{Number: entry.Number, Mark: a.Mark, Open: entry.Open, Text: a.Text}, true
	return a, l.write()
}

// write replaces the file in one step.
func (l *ledger) write() error {
	text, err := json.MarshalIndent(ledgerFile{ledgerVersion, l.alerts}, "", "  ")
	temp := l.path + ".new"
	if err == nil {
		err = os.WriteFile(temp, append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(temp, l.path)
	}
	if err != nil {
		return fmt.Errorf("remember what was told: %w", err)
	}
	return nil
}
