package github

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	api "github.com/google/go-github/v60/github"
)

// caps on an artifact, which is the work of a stranger.
type caps struct {
	archive int64 // bytes, compressed
	content int64 // bytes of all files together, unpacked
	files   int
}

// rawLogs are the caps on raw logs: one of 500 benchmarks in 60 rounds is
// 10 MiB, and a matrix has some dozens of shards.
var rawLogs = caps{archive: 32 << 20, content: 64 << 20, files: 64}

// plainName is what a shard's log may be called.
var plainName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+=@ -]{0,199}$`)
})

// File is one file of an artifact.
type File struct {
	Name string // base name, for messages; never to be joined to a path
	Data []byte
}

// Fetch returns the files of the artifact that the triggering workflow run
// uploaded under name, sorted by name. Every byte of it may have been chosen by
// the author of the pull request.
//
// It is an error when there is no such artifact, when it has expired, when it
// is larger than a raw log can be, or when it holds anything but plain files.
// The error never holds the token, nor the address from which was downloaded.
func Fetch(ctx context.Context, env Context, opt forge.Options, name string) ([]File, error) {
	if env.TriggerID == 0 {
		return nil, fmt.Errorf("fetch artifact %q: event %q has no workflow run that could have uploaded it: call this from on: workflow_run", name, env.Event)
	}
	if env.Token.Empty() {
		return nil, fmt.Errorf("fetch artifact %q: there is no token: pass GITHUB_TOKEN: ${{ github.token }} in the environment, with permissions: actions: read", name)
	}
	j := open(env, opt)
	if j.api == nil {
		return nil, fmt.Errorf("fetch artifact %q: %s", name, strings.Join(j.trouble, "; "))
	}
	where, err := j.locate(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("fetch artifact %q: %s", name, env.Token.Redact(explain(err)))
	}
	archive, err := download(ctx, where, rawLogs.archive)
	if err != nil {
		return nil, fmt.Errorf("fetch artifact %q: %w", name, err)
	}
	files, err := rawLogs.unpack(archive)
	if err != nil {
		return nil, fmt.Errorf("read artifact %q: %w", name, err)
	}
	return files, nil
}

// locate asks for the address of the newest artifact of that name.
func (j *Job) locate(ctx context.Context, name string) (*url.URL, error) {
	// go-github v60 cannot ask for a name.
	address := fmt.Sprintf("repos/%s/%s/actions/runs/%d/artifacts?per_page=100&name=%s", j.api.owner, j.api.repo, j.env.TriggerID, url.QueryEscape(name))
	req, err := j.api.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	var list api.ArtifactList
	if _, err := j.api.Do(ctx, req, &list); err != nil {
		return nil, err
	}
	var newest *api.Artifact
	for _, a := range list.Artifacts {
		if a.GetName() == name && a.GetID() > newest.GetID() {
			newest = a
		}
	}
	switch {
	case newest == nil:
		return nil, fmt.Errorf("workflow run %d has none of that name: its job must upload the raw log", j.env.TriggerID)
	case newest.GetExpired():
		return nil, errors.New("it has expired: run the measuring workflow again")
	case newest.GetSizeInBytes() > rawLogs.archive:
		return nil, fmt.Errorf("it holds %d bytes, more than the %d that raw logs may have", newest.GetSizeInBytes(), rawLogs.archive)
	}
	where, _, err := j.api.Actions.DownloadArtifact(ctx, j.api.owner, j.api.repo, newest.GetID(), 1)
	return where, err
}

// download reads what where points to, without the token: the address is signed
// and belongs to a storage service.
func download(ctx context.Context, where *url.URL, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), nil)
	if err != nil {
		return nil, errors.New("download: GitHub gave no usable address")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var bare *url.Error // its text has the signed address
		if errors.As(err, &bare) {
			err = bare.Err
		}
		return nil, fmt.Errorf("download: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("download: the storage answered %s", resp.Status)
	}
	archive, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("download: %w", err)
	}
	if int64(len(archive)) > most {
		return nil, fmt.Errorf("download: more than the %d bytes that raw logs may have", most)
	}
	return archive, nil
}

// unpack reads a zip archive into memory. Nothing is written anywhere, so a
// name cannot lead out of a folder; a strange one is refused all the same.
func (c caps) unpack(archive []byte) ([]File, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	if len(r.File) > c.files {
		return nil, fmt.Errorf("%d files, more than %d", len(r.File), c.files)
	}
	var files []File
	left := c.content
	for _, entry := range r.File {
		if !entry.Mode().IsRegular() || !plainName().MatchString(entry.Name) {
			return nil, fmt.Errorf("%q is not a plain file in the top folder", figure.Cut(entry.Name, 100))
		}
		data, err := inflate(entry, left)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", figure.Cut(entry.Name, 100), err)
		}
		left -= int64(len(data))
		files = append(files, File{Name: entry.Name, Data: data})
	}
	if len(files) == 0 {
		return nil, errors.New("it holds no file")
	}
	slices.SortStableFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// inflate does not believe the size that the archive declares.
func inflate(entry *zip.File, most int64) ([]byte, error) {
	body, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, errors.New("unpacks to more than raw logs may have")
	}
	return data, nil
}
