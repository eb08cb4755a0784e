package cli

import (
	"flag"
	"fmt"
	"strings"
)

// Flag is a flag of a command, of one of the types below.
type Flag interface {
	Names() []string // the long one first
	IsVisible() bool // in help and documents
	TakesValue() bool
	GetUsage() string
	GetEnvVars() []string   // the first that is not empty counts where the flag is not typed
	GetDefaultText() string // as help shows it; empty where there is nothing to show

	define(*flag.FlagSet)
	placeholder() string
}

// TypedFlag is a flag whose value is a T, and stands in Destination once the command runs.
type TypedFlag[T any] struct {
	Name        string
	Aliases     []string
	Usage       string // a word in backquotes stands for the value in help
	EnvVars     []string
	Hidden      bool
	Value       T // where none is given
	Destination *T
}

// The types that a flag may have. The Value of a GenericFlag reads what is typed, and keeps it.
type (
	StringFlag      = TypedFlag[string]
	BoolFlag        = TypedFlag[bool]
	IntFlag         = TypedFlag[int]
	Uint64Flag      = TypedFlag[uint64]
	StringSliceFlag = TypedFlag[StringSlice]
	GenericFlag     = TypedFlag[flag.Value]
)

func helpFlag() Flag {
	return &BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show help"}
}

// Names returns the name and its aliases.
func (f *TypedFlag[T]) Names() []string { return append([]string{f.Name}, f.Aliases...) }

// IsVisible reports whether the flag stands in help.
func (f *TypedFlag[T]) IsVisible() bool { return !f.Hidden }

// TakesValue reports whether a value stands behind the flag.
func (f *TypedFlag[T]) TakesValue() bool { _, is := any(f.Value).(bool); return !is }

// GetUsage returns what the flag means.
func (f *TypedFlag[T]) GetUsage() string { return f.Usage }

// GetEnvVars returns the twins in the environment.
func (f *TypedFlag[T]) GetEnvVars() []string { return f.EnvVars }

// GetDefaultText returns the value where none is given: text in quotes, and nothing for no text.
func (f *TypedFlag[T]) GetDefaultText() string {
	switch value := any(f.Value).(type) {
	case string:
		if value == "" {
			return ""
		}
		return fmt.Sprintf("%q", value)
	case StringSlice:
		return ""
	case flag.Value:
		return value.String()
	}
	return fmt.Sprint(f.Value)
}

// define tells the flag set of the flag, under all its names.
func (f *TypedFlag[T]) define(set *flag.FlagSet) {
	to := f.Destination
	if to == nil {
		to = new(T)
	}
	*to = f.Value
	for _, name := range f.Names() {
		switch to := any(to).(type) {
		case *string:
			set.StringVar(to, name, *to, "")
		case *bool:
			set.BoolVar(to, name, *to, "")
		case *int:
			set.IntVar(to, name, *to, "")
		case *uint64:
			set.Uint64Var(to, name, *to, "")
		case *StringSlice:
			set.Var(to, name, "")
		case *flag.Value:
			set.Var(*to, name, "")
		default:
			panic(fmt.Sprintf("cli: --%s: no flag has a %T", name, f.Value))
		}
	}
}

// placeholder returns what stands for the value in help; empty where there is none.
func (f *TypedFlag[T]) placeholder() string {
	if !f.TakesValue() {
		return ""
	}
	if parts := strings.Split(f.Usage, "`"); len(parts) == 3 {
		return parts[1]
	}
	return "value"
}
