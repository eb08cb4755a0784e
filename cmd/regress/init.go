package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
)

//go:embed workflow.yml
var workflow string

func initCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:   "init",
		Usage:  "write a commented regress.toml and a GitHub workflow into this repository",
		Action: func(*cli.Context) error { return w.init() },
	}
}

// init writes both files or neither: what exists is somebody's work.
func (w *world) init() error {
	from, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	files := []struct{ path, text string }{
		{config.Name, config.Template},
		{filepath.Join(".github", "workflows", "regress.yml"), workflow},
	}
	for _, f := range files {
		_, err := os.Lstat(filepath.Join(from, f.path))
		switch {
		case err == nil:
			return usagef("init: %s exists and is left as it is: nothing was written", f.path)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("init: %w", err)
		}
	}
	for _, f := range files {
		path := filepath.Join(from, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		if err := os.WriteFile(path, []byte(f.text), 0o644); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		fmt.Fprintf(w.stdout, "wrote %s\n", f.path)
	}
	fmt.Fprintln(w.stdout, "next: regress compare --base main")
	return nil
}
