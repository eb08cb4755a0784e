package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/site"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// serveFlags are what serve is asked.
type serveFlags struct {
	fileFlags
	storeFlags
	listen, branch, token string
}

func serveCommand(w *world) *cli.Command {
	f := new(serveFlags)
	own := []cli.Flag{
		stringFlag(&f.listen, "listen", "address to listen on (default 127.0.0.1:8080, this machine alone)"),
		stringFlag(&f.token, "token-file", "file with a token that clients must have, as Authorization: Bearer or as the password of any user"),
		stringFlag(&f.branch, "branch", "the branch (default: main, or what the repository calls it; else the one checked out)"),
	}
	return &cli.Command{
		Name:   "serve",
		Usage:  "the page of site from the live store, with all its projects, an API of JSON and metrics; read only",
		Flags:  flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

func (f *serveFlags) run(ctx context.Context, s *session, _ []string) error {
	if f.listen == "" {
		f.listen = "127.0.0.1:8080"
	}
	token, err := readToken(f.token)
	if err != nil {
		return err
	}
	if _, err := s.store(ctx); err != nil { // opened once, before several ask at once
		return fmt.Errorf("serve: %w", err)
	}
	on, err := new(net.ListenConfig).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return usagef("serve: %w: --listen takes HOST:PORT, such as 127.0.0.1:8080", err)
	}
	if at, ok := on.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && token == "" {
		s.note("warning: whoever reaches %s can read the store: --token-file asks them for a token", on.Addr())
	}
	s.note("http://%s/ until this is interrupted", on.Addr())
	s.learned = new(memory)
	server := site.NewServer(&shelf{s, f}, token, s.note)
	go server.Warm(ctx)
	if err := server.Serve(ctx, on); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// readToken returns the token of a file; empty where none is named.
func readToken(path string) (string, error) {
	const shortest, longest = 16, 4096
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", usagef("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < shortest || len(token) > longest || strings.ContainsAny(token, "\r\n") {
		return "", usagef("--token-file %s: give one line of %d to %d characters, such as of: openssl rand -hex 32", path, shortest, longest)
	}
	return token, nil
}

// memory is what a server has learned of the courses of each project, so that a new run costs no
// second look at all before it.
type memory struct {
	mu       sync.Mutex
	projects map[string]*course.Learned
}

// of returns that of a project; nil where nothing is to be learned.
func (m *memory) of(project string) *course.Learned {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.projects == nil {
		m.projects = map[string]*course.Learned{}
	}
	if m.projects[project] == nil {
		m.projects[project] = new(course.Learned)
	}
	return m.projects[project]
}

// shelf is the store as the server reads it.
type shelf struct {
	*session
	f *serveFlags
}

// Projects returns what was asked for with --project, else all of the store, this one first.
func (s *shelf) Projects(ctx context.Context) ([]string, error) {
	one := baseline.Query{Project: s.f.project}
	infos, err := s.opened.List(ctx, one)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return nil, err
	}
	var names []string
	for _, info := range infos {
		if !slices.Contains(names, info.Project) {
			names = append(names, info.Project)
		}
	}
	slices.Sort(names)
	if at := slices.Index(names, s.project(baseline.Log{})); at > 0 {
		names = slices.Insert(slices.Delete(names, at, at+1), 0, s.project(baseline.Log{}))
	}
	return names, nil
}

// State returns the runs that there are.
func (s *shelf) State(ctx context.Context, project string) (string, error) {
	infos, err := s.opened.List(ctx, baseline.Query{Project: project})
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return "", err
	}
	var b strings.Builder
	for _, info := range infos {
		b.WriteString(info.ID)
	}
	return b.String(), nil
}

// Load returns what is shown of a project.
func (s *shelf) Load(ctx context.Context, project string) (*site.Project, error) {
	return s.shown(ctx, project, s.f.branch)
}

// Compare decides on the stored runs of two commits: the newest of head on each class of machine,
// against all of base.
func (s *shelf) Compare(ctx context.Context, project, base, head string) (gate.Decision, error) {
	log := baseline.Log{}
	for run, err := range s.opened.Runs(ctx, baseline.Query{Project: project, Commit: head}) {
		if err != nil {
			return gate.Decision{}, err
		}
		run.Side = baseline.Head
		same := func(r baseline.Run) bool {
			return r.Environment.Fingerprint() == run.Environment.Fingerprint()
		}
		log.Runs = append(slices.DeleteFunc(log.Runs, same), run)
	}
	var reference []baseline.Run
	for run, err := range s.opened.Runs(ctx, baseline.Query{Project: project, Commit: base}) {
		if err != nil {
			return gate.Decision{}, err
		}
		reference = append(reference, run)
	}
	if len(log.Runs) == 0 || len(reference) == 0 {
		return gate.Decision{}, fmt.Errorf("runs of %s and %s: %w", base, head, baseline.ErrNotFound)
	}
	infos, err := s.opened.List(ctx, baseline.Query{Project: project, Commit: head, Limit: 1})
	if err != nil || len(infos) == 0 {
		return gate.Decision{}, err
	}
	whole, err := s.opened.Get(ctx, infos[0].ID) // what its units mean
	if err != nil {
		return gate.Decision{}, err
	}
	if said, err := ingest.Read(whole.ID(), bytes.NewReader(whole.Raw)); err == nil {
		log.Units = said.Units
	}
	in := s.input(log)
	in.Stored = reference
	return gate.Decide(in), nil
}
