package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// build builds the command.
func (s *scale) build(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(s.folder, "regress"), "github.com/descartes/regress/cmd/regress").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build regress: %w: %s", err, out)
	}
	return nil
}

// regress prepares a command on the history, as a user without a clone runs it.
func (s *scale) regress(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.folder, "regress"), append(args, "--branch", "main", "--project", project)...)
	cmd.Dir, cmd.Env = s.folder, append(os.Environ(), "REGRESS_STORE="+s.dsn, "XDG_CACHE_HOME="+filepath.Join(s.folder, "cache"))
	return cmd
}

// changes looks for what changed: in a store that it has never seen, again, and after each of some
// more runs.
func (s *scale) changes(ctx context.Context) error {
	for _, one := range []struct {
		what, bar string
		more      int
	}{
		{"trend --changes 100, first", "bar 10 s cold", 0},
		{"trend --changes 100, again", "bar 1 s", 0},
		{"trend --changes 100, one more run", "bar 1 s", 1},
		{"trend --changes 100, one more run", "bar 1 s", 1},
		{"trend --changes 100, nine more runs", "", 9},
		{"trend --changes 100, one more run", "bar 1 s", 1},
	} {
		if err := s.put(ctx, one.more); err != nil {
			return err
		}
		if err := s.asked(ctx, one.what, one.bar, "trend", "--changes", "100"); err != nil {
			return err
		}
	}
	return nil
}

// watched looks for what is to be told: in a store that it has never seen, and again.
func (s *scale) watched(ctx context.Context) error {
	if err := os.RemoveAll(filepath.Join(s.folder, "cache")); err != nil {
		return err
	}
	if err := s.asked(ctx, "watch --dry-run, first", "", "watch", "--dry-run"); err != nil {
		return err
	}
	return s.asked(ctx, "watch --dry-run, again", "", "watch", "--dry-run")
}

// asked runs a command and says how long it took.
func (s *scale) asked(ctx context.Context, what, bar string, args ...string) error {
	cmd := s.regress(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start).Seconds()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("%s after %.1f s: exit %d: %s", args[0], took, exit.ExitCode(), strings.TrimSpace(errs.String()))
	} else if err != nil {
		return err
	}
	busy := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	say(what, fmt.Sprintf("%.2f s (%.2f s of processor), %d lines", took, busy, bytes.Count(out.Bytes(), []byte("\n"))), bar)
	return nil
}

// served asks regress serve, as a page does.
func (s *scale) served(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	at := l.Addr().String()
	_ = l.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := s.regress(ctx, "serve", "--listen", at)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		stop()
		_ = cmd.Wait() // it was killed
	}()
	get := func(path string, args url.Values) error { return get(ctx, "http://"+at+path+"?"+args.Encode()) }
	for end := time.Now().Add(time.Minute); get("/healthz", nil) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("regress serve does not answer")
		}
	}
	overview := func() error { return get("/api/v1/overview", url.Values{"project": {project}}) }
	first, err := timed(1, overview)
	if err != nil {
		return err
	}
	say("overview of serve, first: the store is read", first, "bar 1 s")
	more, err := timed(50, overview)
	if err != nil {
		return err
	}
	say("overview of serve, again", more, "bar 1 s")
	h, random := newHistory(s.series, s.rounds), rand.New(rand.NewPCG(3, 4))
	points, err := timed(300, func() error {
		key := h.keys[random.IntN(len(h.keys))]
		return get("/api/v1/points", url.Values{"project": {project}, "package": {key.Package}, "name": {key.Name}, "unit": {key.Unit}})
	})
	say(fmt.Sprintf("one series of %d runs, of serve", s.runs), points, "bar p95 50 ms")
	return err
}

// get fetches a page, whole.
func get(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, answer.Status)
	}
	return nil
}
