package watch

import (
	"encoding/json"
	"time"
)

// eventVersion grows when a field changes its meaning or goes away; fields may be added without.
const eventVersion = 1

// Event is what is posted to whoever wants to be notified: one change of one alert.
type Event struct {
	Version    int       `json:"version"`
	ID         string    `json:"id"` // of this event: whoever gets it twice can tell
	Time       time.Time `json:"time"`
	Project    string    `json:"project"`
	Repository string    `json:"repository,omitempty"` // owner/name
	Alert
}

// Event returns the event of an action, as JSON, and its ID; false where it is nothing to notify
// of: an alert that stays as it is but for its figures, or that is closed as a duplicate.
func (r Report) Event(a Action, repository string) (id string, document []byte, ok bool) {
	switch {
	case a.Deed == Keep, a.Deed == Untold, a.Deed == Update && !a.News, a.Mark.Ended == Duplicate:
		return "", nil, false
	}
	e := Event{Version: eventVersion, Time: r.Today, Project: r.Project, Repository: repository, Alert: r.looker().alert(a, said(a))}
	e.ID = hashed(string(a.Deed)+" "+a.Mark.Line()+" "+r.Today.Format(time.RFC3339Nano)) + "-" + a.Mark.ID
	document, err := json.Marshal(e)
	return e.ID, document, err == nil
}
