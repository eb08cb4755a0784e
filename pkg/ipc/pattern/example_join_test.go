package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/unix"
)

// join is the part of each: it meets the others in dir, greets them and hears them.
func join(ctx context.Context, self, dir string, names []string) error {
	place := pattern.Place{Dir: dir, Transport: unix.Transport}
	group, err := pattern.Join(ctx, ipc.Config{}, self, names, place)
	if err != nil {
		return err
	}
	if err := group.SendAll(ctx, []byte("hello from "+self)); err != nil {
		return err
	}
	for heard := 0; heard < len(names)-1; {
		_, p, err := group.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			continue // one that has heard everybody may leave before the others
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s hears %s\n", self, p)
		heard++
	}
	return group.Close()
}

// Three processes that all know each other. They are this program again.
func ExampleJoin() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names := []string{"ant", "bee", "cat"}
	if len(os.Args) > 3 && os.Args[1] == "join" {
		if err := join(ctx, os.Args[2], os.Args[3], names); err != nil {
			log.Fatal(err)
		}
		return
	}
	dir, err := os.MkdirTemp("", "mesh")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var processes []*exec.Cmd
	for _, name := range names {
		cmd := exec.Command(os.Args[0], "join", name, dir)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			log.Fatal(err)
		}
		processes = append(processes, cmd)
	}
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			log.Fatal(err)
		}
	}
	// Unordered output:
	// ant hears hello from bee
	// ant hears hello from cat
	// bee hears hello from ant
	// bee hears hello from cat
	// cat hears hello from ant
	// cat hears hello from bee
}
