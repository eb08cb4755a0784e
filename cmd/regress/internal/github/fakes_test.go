package github

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// epoch is when every test of limits takes place.
var epoch = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

func checkEncoders(t *testing.T, env Context) {
	t.Helper()
	text, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("job", "env", env, "token", env.Token)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("job", "env", env, "token", env.Token)
	if all := string(text) + log.String(); strings.Contains(all, "secret") || !strings.Contains(all, "***") {
		t.Errorf("an encoder prints it: %s", all)
	}
}
