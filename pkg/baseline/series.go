package baseline

import (
	"crypto/sha256"
	"encoding/hex"
)

// ID identifies a run by its content: project, side, commit, branch, fingerprint
// and raw text. 24 hexadecimal digits. Nothing in front of the text has a zero
// byte in a run that Validate accepts, so different contents are hashed differently.
func (r Run) ID() string {
	h := sha256.New()
	for _, part := range []string{r.Project, string(r.Side), r.Commit, r.Branch, r.Environment.Fingerprint()} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(r.Raw)
	return hex.EncodeToString(h.Sum(nil)[:12])
}
