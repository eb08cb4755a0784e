// Pictures makes docs/comment.png and docs/report.png: what regress posts on a pull request, and
// what it prints in a terminal, of testdata/readme.log.gz. The program is built from this tree, and
// Chromium (or Chrome) draws what it prints.
//
//	go -C docs/pictures run .
//
// It is a module of its own, so that nobody who installs regress fetches a renderer of Markdown.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	renderer "github.com/yuin/goldmark/renderer/html"
)

// width of the pictures, in the pixels of a page; scale is how many of a picture are one.
const (
	width = 860
	scale = "1.5"
)

func main() {
	if err := pictures(); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// pictures makes both, in a directory of its own, where no regress.toml decides.
func pictures() error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	regress := filepath.Join(dir, "regress")
	build := exec.Command("go", "build", "-o", regress, "./cmd/regress")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	log := filepath.Join(dir, "readme.log")
	if err := unpack(filepath.Join(root, "testdata", "readme.log.gz"), log); err != nil {
		return err
	}
	comment, err := printed(dir, regress, "compare", "--format", "markdown", log)
	if err != nil {
		return err
	}
	// A pseudo-terminal, since colours are for terminals; script is a program of util-linux.
	report, err := printed(dir, "script", "-qec", "stty cols 100; exec "+regress+" compare "+log, "/dev/null")
	if err != nil {
		return err
	}
	page, err := markdown(comment)
	if err != nil {
		return err
	}
	return errors.Join(
		shoot(dir, page, filepath.Join(root, "docs", "comment.png")),
		shoot(dir, terminal(report), filepath.Join(root, "docs", "report.png")),
	)
}

// unpack writes what is packed in a file into another.
func unpack(from, to string) error {
	packed, err := os.Open(from)
	if err != nil {
		return err
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, text, 0o600)
}

// printed returns what a program prints that is to say that something became slower: exit code 1.
func printed(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GITHUB_ACTIONS=", "NO_COLOR=", "TERM=xterm-256color")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		return "", fmt.Errorf("%s: %w: it was to exit 1\n%s%s", name, err, out, errs.String())
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n"), nil
}

// markdown returns a page that shows text as GitHub does, in a box like that of a comment.
func markdown(text string) (string, error) {
	var body bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(renderer.WithUnsafe()))
	if err := md.Convert([]byte(text), &body); err != nil {
		return "", err
	}
	// GitHub draws this sign in red; not every machine has a font for it.
	shown := strings.Replace(body.String(), "❌", `<b style="color:#d1242f">✖</b>`, 1)
	return `<!doctype html><meta charset="utf-8"><style>
body { margin: 12px; background: #fff; color: #1f2328; font: 14px/1.5 "DejaVu Sans", sans-serif }
article { border: 1px solid #d0d7de; border-radius: 6px; padding: 4px 16px 12px }
code { font: 12px "DejaVu Sans Mono", monospace; background: #eff1f3; padding: 2px 5px; border-radius: 5px }
table { border-collapse: collapse } th, td { border: 1px solid #d0d7de; padding: 5px 12px }
h3 { margin: 12px 0; font-size: 17px } ul { padding-left: 24px } li { margin: 3px 0 } summary { margin: 5px 0 }
</style><article>` + shown + `</article>`, nil
}

var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// terminal returns a page that shows text with its colours.
func terminal(text string) string {
	colours := map[string]string{"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff", "2": "#8b949e"}
	open := false
	body := escape.ReplaceAllStringFunc(html.EscapeString(strings.TrimSpace(text)), func(code string) string {
		style := ""
		for _, one := range strings.Split(escape.FindStringSubmatch(code)[1], ";") {
			if one == "1" {
				style += "font-weight:bold;"
			} else if colour := colours[one]; colour != "" {
				style += "color:" + colour + ";"
			}
		}
		end := ""
		if open {
			end = "</span>"
		}
		open = style != ""
		if open {
			return end + `<span style="` + style + `">`
		}
		return end
	})
	return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 14px 18px; background: #0d1117; color: #e6edf3; font: 13px/1.45 "DejaVu Sans Mono", monospace }
pre { margin: 0; font: inherit } </style><pre>` + "$ regress compare\n" + body + `</pre>`
}

// shoot draws a page into a file, cut off below what it shows.
func shoot(dir, page, file string) error {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if browser, err = exec.LookPath("google-chrome"); err != nil {
			return errors.New("neither chromium nor google-chrome is installed")
		}
	}
	from, to := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.png")
	if err := os.WriteFile(from, []byte(page), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--force-device-scale-factor="+scale,
		fmt.Sprintf("--window-size=%d,2400", width), "--screenshot="+to, "file://"+from)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", browser, err, out)
	}
	shot, err := os.Open(to)
	if err != nil {
		return err
	}
	defer shot.Close()
	drawn, err := png.Decode(shot)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	packer := png.Encoder{CompressionLevel: png.BestCompression}
	return errors.Join(packer.Encode(out, cut(drawn)), out.Close())
}

// cut returns the picture without the rows at its foot that are like its last.
func cut(from image.Image) image.Image {
	size := from.Bounds()
	last := size.Max.Y - 1
	foot := from.At(size.Min.X, last)
	for y := last; y >= size.Min.Y; y-- {
		for x := size.Min.X; x < size.Max.X; x++ {
			if from.At(x, y) != foot {
				to := image.NewRGBA(image.Rect(0, 0, size.Dx(), min(y+18, size.Max.Y)-size.Min.Y))
				draw.Draw(to, to.Bounds(), from, size.Min, draw.Src)
				return to
			}
		}
	}
	return from
}
