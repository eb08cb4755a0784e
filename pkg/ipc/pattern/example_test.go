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
	"github.com/descartes/regress/pkg/ipc/unix"
)

// agents starts this binary as the named children; their main function is play, above in the tests.
func agents(role string, names ...string) (members []pattern.Member, cmds []*exec.Cmd) {
	for _, name := range names {
		cmd := command(role)
		conn, err := transport.Spawn(cmd, ipc.Config{Mechanism: ipc.Unix})
		if err != nil {
			log.Fatal(err)
		}
		members = append(members, pattern.Member{Name: name, Conn: conn})
		cmds = append(cmds, cmd)
	}
	return members, cmds
}

// A question to all, the answer of each, and what happens when one of them dies.
func ExampleGroup() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	members, cmds := agents("echo", "ant", "bee", "cat")
	group, err := pattern.New(ipc.Config{}, members...)
	if err != nil {
		log.Fatal(err)
	}
	gather := func() {
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
	gather()

	_ = cmds[1].Process.Kill()
	_, _, err = group.Recv(ctx, nil)
	var lost *pattern.MemberError
	if errors.As(err, &lost) && errors.Is(err, ipc.ErrPeerGone) {
		fmt.Printf("%s is gone after %d of %d answers\n", lost.Name, lost.Received, lost.Sent)
	}
	gather()

	if err := group.Close(); err != nil {
		log.Fatal(err)
	}
	for _, cmd := range cmds {
		_ = cmd.Wait()
	}
	// Output:
	// [ant: here? bee: here? cat: here?]
	// bee is gone after 1 of 1 answers
	// [ant: here? cat: here?]
}

// Jobs to whichever worker has room, while results come in.
func ExampleGroup_SendAny() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	members, cmds := agents("echo", "worker 1", "worker 2")
	group, err := pattern.New(ipc.Config{}, members...)
	if err != nil {
		log.Fatal(err)
	}
	const jobs = 100
	go func() {
		for i := range jobs {
			if _, err := group.SendAny(ctx, fmt.Appendf(nil, "job %d", i)); err != nil {
				log.Print(err) // the loop below ends with ctx
			}
		}
	}()
	done, by := 0, map[string]int{}
	for done < jobs {
		from, _, err := group.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		done++
		by[from]++
	}
	fmt.Println(done, by)
	if err := group.Close(); err != nil {
		log.Fatal(err)
	}
	for _, cmd := range cmds {
		_ = cmd.Wait()
	}
	// Output:
	// 100 map[worker 1:50 worker 2:50]
}

// Messages through one process after the other.
func ExamplePipeline() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	upper, cmds := agents("append !", "first")
	lower, more := agents("append ?", "second")
	line, err := pattern.NewPipeline(upper[0], lower[0])
	if err != nil {
		log.Fatal(err)
	}
	for _, word := range []string{"come", "go"} {
		if err := line.Send(ctx, []byte(word)); err != nil {
			log.Fatal(err)
		}
	}
	for range 2 {
		p, err := line.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", p)
	}
	if err := line.Close(); err != nil {
		log.Fatal(err)
	}
	_ = errors.Join(cmds[0].Wait(), more[0].Wait())
	// Output:
	// come!?
	// go!?
}

// Three that all know each other. They are goroutines here and processes in life.
func ExampleJoin() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "mesh")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	names := []string{"ant", "bee", "cat"}
	said := make(chan string)
	for _, self := range names {
		go func() {
			group, err := pattern.Join(ctx, ipc.Config{}, self, names, pattern.Place{Dir: dir, Listen: unix.Listen, Dial: unix.Dial})
			if err != nil {
				log.Fatal(err)
			}
			if err := group.SendAll(ctx, []byte("hello from "+self)); err != nil {
				log.Fatal(err)
			}
			for range len(names) - 1 {
				_, p, err := group.Recv(ctx, nil)
				if err != nil {
					log.Fatal(err)
				}
				said <- fmt.Sprintf("%s hears %s", self, p)
			}
		}()
	}
	for range len(names) * (len(names) - 1) {
		fmt.Println(<-said)
	}
	// Unordered output:
	// ant hears hello from bee
	// ant hears hello from cat
	// bee hears hello from ant
	// bee hears hello from cat
	// cat hears hello from ant
	// cat hears hello from bee
}
