package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// work is a worker's part: it squares what it gets.
func work(ctx context.Context) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	for {
		job, err := conn.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return conn.Close()
		}
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(job))
		if err != nil {
			return err
		}
		if err := conn.Send(ctx, fmt.Append(nil, n*n)); err != nil {
			return err
		}
	}
}

// Jobs to whichever worker has room, while results come in. The workers are this program again.
func ExampleGroup_SendAny() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "work" {
		if err := work(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	group, err := pattern.New(pattern.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var processes []*exec.Cmd
	for _, name := range []string{"worker 1", "worker 2"} {
		cmd := exec.Command(os.Args[0], "work")
		conn, err := transport.Spawn(cmd, ipc.Config{Mechanism: ipc.Unix})
		if err != nil {
			log.Fatal(err)
		}
		if err := group.Add(pattern.Member{Name: name, Conn: conn}); err != nil {
			log.Fatal(err)
		}
		processes = append(processes, cmd)
	}

	const jobs = 100
	go func() {
		for i := range jobs {
			if _, err := group.SendAny(ctx, fmt.Append(nil, i)); err != nil {
				log.Print(err) // the loop below ends with ctx
			}
		}
	}()
	sum, by := 0, map[string]int{}
	for range jobs {
		from, result, err := group.Recv(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		n, err := strconv.Atoi(string(result))
		if err != nil {
			log.Fatal(err)
		}
		sum += n
		by[from]++
	}
	fmt.Println("sum of the squares:", sum)
	fmt.Println("results by worker:", by)

	if err := group.Close(); err != nil {
		log.Fatal(err)
	}
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// sum of the squares: 328350
	// results by worker: map[worker 1:50 worker 2:50]
}
