package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// answer is the part of each member: it says yes to everything until its parent closes.
func answer(ctx context.Context) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	for {
		question, err := conn.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return conn.Close()
		}
		if err == nil {
			err = conn.Send(ctx, fmt.Appendf(nil, "%s yes", question))
		}
		if err != nil {
			return err
		}
	}
}

// gather asks everybody and collects the answers.
func gather(ctx context.Context, group *pattern.Group) {
	if err := group.SendAll(ctx, []byte("here?")); err != nil {
		log.Fatal(err)
	}
	var answers []string
	for range group.Names() {
		from, p, err := group.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		answers = append(answers, fmt.Sprintf("%s: %s", from, p))
	}
	slices.Sort(answers)
	fmt.Println(answers)
}

// A question to all, the answer of each, and what happens when one of them dies. The members are
// this program again.
func ExampleGroup() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "answer" {
		if err := answer(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	group, err := pattern.New(pattern.Options{})
	if err != nil {
		log.Fatal(err)
	}
	processes := map[string]*exec.Cmd{}
	for _, name := range []string{"ant", "bee", "cat"} {
		cmd := exec.Command(os.Args[0], "answer")
		conn, err := transport.Spawn(cmd, ipc.Config{Mechanism: ipc.Unix})
		if err != nil {
			log.Fatal(err)
		}
		if err := group.Add(pattern.Member{Name: name, Conn: conn}); err != nil {
			log.Fatal(err)
		}
		processes[name] = cmd
	}
	gather(ctx, group)

	_ = processes["bee"].Process.Kill()
	_, _, err = group.Recv(ctx, nil)
	var lost *pattern.MemberError
	if errors.As(err, &lost) && errors.Is(err, ipc.ErrPeerGone) {
		fmt.Printf("%s is gone after %d of %d answers\n", lost.Name, lost.Received, lost.Sent)
	}
	gather(ctx, group)

	if err := group.Close(); err != nil {
		log.Fatal(err)
	}
	for _, cmd := range processes {
		_ = cmd.Wait()
	}
	// Output:
	// [ant: here? yes bee: here? yes cat: here? yes]
	// bee is gone after 1 of 1 answers
	// [ant: here? yes cat: here? yes]
}
