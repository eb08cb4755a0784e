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
	"github.com/descartes/regress/pkg/ipc/transport"
)

// stage is a stage's part: it appends mark to every message.
func stage(ctx context.Context, mark string) error {
	conn, err := transport.FromParent(ipc.Config{})
	if err != nil {
		return err
	}
	err = pattern.Relay(ctx, conn, conn, func(p []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%s%s", p, mark), nil
	})
	return errors.Join(err, conn.Close())
}

// Messages through one process after the other. The stages are this program again.
func ExamplePipeline() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) > 2 && os.Args[1] == "stage" {
		if err := stage(ctx, os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	var stages []pattern.Member
	var processes []*exec.Cmd
	for _, mark := range []string{"!", "?"} {
		cmd := exec.Command(os.Args[0], "stage", mark)
		cmd.Stderr = os.Stderr
		conn, err := transport.Spawn(cmd, ipc.Config{Mechanism: ipc.Unix})
		if err != nil {
			log.Fatal(err)
		}
		stages = append(stages, pattern.Member{Name: mark, Conn: conn})
		processes = append(processes, cmd)
	}
	line, err := pattern.NewPipeline(stages...)
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
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// come!?
	// go!?
}
