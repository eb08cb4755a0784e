package placement

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// spread gives a touch its influence, out of its function if it may go far.
func (f *field) spread(t *touch, far bool) {
	f.in.add(point{file: t.hunk.file, touch: t}, t, own)
	if t.module != "" {
		f.in.add(point{file: "module:" + t.module}, t, own)
		return
	}
	names := map[string]float64{}
	source := f.tree.files[t.hunk.file]
	if source == nil {
		for dir, vars := range f.tree.embedding(t.hunk.file) {
			for _, name := range vars {
				names[name] = outward
			}
			f.reach(t, dir, names)
		}
		return
	}
	if t.decl == nil {
		for _, name := range packageNames(source, t) {
			names[name] = outward
		}
	} else {
		seeds := map[int]float64{}
		for line := t.first; line <= t.last && t.hunk.newCount > 0; line++ {
			seeds[line] = own
		}
		locals := map[string]float64{}
		for _, name := range assigned(t.hunk.old + t.hunk.new) {
			locals[name] = mention
		}
		t.signature(seeds, locals)
		f.flow(t, t.decl, seeds, locals)
		f.started(t, t.decl, locals)
		f.after(t)
		for name, weight := range fields(t.hunk.new, fields(t.hunk.old, nil)) {
			names[name] = weight
		}
		if name := t.decl.fn.Name.Name; !strings.HasPrefix(name, "Benchmark") && name != "main" && name != "init" {
			names[name] = max(names[name], result)
			if t.decl.returns(t.first, t.last) {
				names[name] = max(names[name], returned)
			}
		}
	}
	if far {
		f.reach(t, source.dir, names)
	}
}

// flow follows seeds, lines of d with a weight, and local names through d.
func (f *field) flow(t *touch, d *decl, seeds map[int]float64, locals map[string]float64) {
	lines := maps.Clone(seeds)
	for range deepest {
		before := len(locals)
		ast.Inspect(d.fn.Body, func(n ast.Node) bool {
			d.visit(n, lines, locals)
			return true
		})
		if len(locals) == before {
			break
		}
	}
	strongest := 0.
	for line, weight := range lines {
		strongest = max(strongest, weight)
		f.in.add(f.here(d.file.name, line), t, weight)
	}
	for line := d.first; line <= d.last; line++ {
		f.in.add(f.here(d.file.name, line), t, rest*max(strongest, .5))
	}
}

// signature adds what a changed head of a function determines: the parameters
// declared on it, and all of a body that is compiled for type parameters.
func (t *touch) signature(seeds map[int]float64, locals map[string]float64) {
	d := t.decl
	hit := func(n ast.Node) bool {
		return t.hunk.newCount > 0 && t.first <= d.file.line(n.End()) && t.last >= d.file.line(n.Pos())
	}
	if !hit(d.fn.Type) {
		return
	}
	for _, field := range d.fn.Type.Params.List {
		for _, name := range field.Names {
			if hit(field) {
				locals[name.Name] = mention
			}
		}
	}
	if d.fn.Type.TypeParams != nil && !strings.Contains(t.hunk.old, d.fn.Name.Name+"[") {
		for line := d.file.line(d.fn.Body.Pos()); line < d.last; line++ {
			seeds[line] = max(seeds[line], outward)
		}
	}
}

// returns reports whether a return statement begins on one of the lines.
func (d *decl) returns(first, last int) bool {
	found := false
	ast.Inspect(d.fn.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.ReturnStmt); ok && d.file.line(s.Pos()) >= first && d.file.line(s.Pos()) <= last {
			found = true
		}
		return !found
	})
	return found
}

// visit lets weight flow through one statement: to all its lines, to what it
// governs, and to what it assigns.
func (d *decl) visit(n ast.Node, lines map[int]float64, locals map[string]float64) {
	stmt, ok := n.(ast.Stmt)
	if !ok {
		return
	}
	from, to, body, governs := d.header(stmt)
	if from == 0 {
		return
	}
	weight := 0.
	for line := from; line <= to; line++ {
		weight = max(weight, lines[line])
	}
	ast.Inspect(stmt, func(n ast.Node) bool {
		if n == ast.Node(body) && body != nil {
			return false
		}
		if ident, ok := n.(*ast.Ident); ok {
			weight = max(weight, locals[ident.Name])
		}
		return true
	})
	if weight < faintest {
		return
	}
	raise := func(from, to int, weight float64) {
		for line := from; line <= to; line++ {
			lines[line] = max(lines[line], weight)
		}
	}
	raise(from, to, weight)
	if body != nil {
		raise(d.file.line(body.Pos()), d.file.line(body.End()), weight*governs)
	}
	var left []ast.Expr
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		left = s.Lhs
	case *ast.RangeStmt:
		left = []ast.Expr{s.Key, s.Value}
	}
	for _, e := range left {
		if ident, ok := e.(*ast.Ident); ok && ident.Name != "_" && ident.Name != "err" && locals[ident.Name] == 0 {
			locals[ident.Name] = min(weight, mention) * fades
		}
	}
}

// header is the lines of a statement without the block that it governs, and how
// much of its weight that block takes over. From is 0 for a statement that is
// only a frame for others.
func (d *decl) header(stmt ast.Stmt) (from, to int, body ast.Stmt, governs float64) {
	switch s := stmt.(type) {
	case *ast.ForStmt:
		body, governs = s.Body, loop
	case *ast.RangeStmt:
		body, governs = s.Body, loop
	case *ast.IfStmt:
		body, governs = s.Body, branch
	case *ast.SwitchStmt:
		body, governs = s.Body, branch
	case *ast.TypeSwitchStmt:
		body, governs = s.Body, branch
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, *ast.SelectStmt, *ast.LabeledStmt:
		return 0, 0, nil, 0
	default:
		to := d.file.line(s.End())
		if hasBlock(s) { // a function literal: its statements come on their own
			to = d.file.line(s.Pos())
		}
		return d.file.line(s.Pos()), to, nil, 0
	}
	return d.file.line(stmt.Pos()), d.file.line(body.Pos()), body, governs
}

func hasBlock(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if _, ok := n.(*ast.BlockStmt); ok {
			found = true
		}
		return !found
	})
	return found
}

var control = regexp.MustCompile(`\b(?:return|break|continue|goto|panic|defer|else|R?Lock|R?Unlock)\b`)

// after gives weight to what follows a touch in its block, where it decides
// whether that runs.
func (f *field) after(t *touch) {
	if !control.MatchString(t.hunk.old) && !control.MatchString(t.hunk.new) {
		return
	}
	end := 0
	ast.Inspect(t.decl.fn, func(n ast.Node) bool {
		if block, ok := n.(*ast.BlockStmt); ok {
			if first, last := t.decl.file.line(block.Pos()), t.decl.file.line(block.End()); first <= t.first && last > t.last {
				end = last
			}
		}
		return true
	})
	for line := t.last + 1; line <= end; line++ {
		f.in.add(f.here(t.hunk.file, line), t, follow)
	}
}

var (
	assignment = regexp.MustCompile(`(?m)^\s*(?:if |for |switch |var )?([A-Za-z_][\w, ]*?)\s*(?::=|[-+*/|&^%]?=)(?:[^=]|$)`)
	keyed      = regexp.MustCompile(`\b([A-Za-z_]\w*):(?:[^=]|$)`)
	selected   = regexp.MustCompile(`\.([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*[-+*/|&^%]?=(?:[^=]|$)`)
)

// assigned are the variables that lines of code assign to.
func assigned(text string) []string {
	var names []string
	for _, m := range assignment.FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			if name = strings.TrimSpace(name); name != "_" && name != "err" && !strings.Contains(name, " ") {
				names = append(names, name)
			}
		}
	}
	return names
}

// fields are the fields that lines of code set, with their weight, added to
// those in known. To add to what a field holds decides less than to set it.
func fields(text string, known map[string]float64) map[string]float64 {
	if known == nil {
		known = map[string]float64{}
	}
	for line := range strings.Lines(text) {
		for _, m := range slices.Concat(keyed.FindAllStringSubmatch(line, -1), selected.FindAllStringSubmatch(line, -1)) {
			weight := outward
			if strings.Count(line, "."+m[1]) > 1 {
				weight = result
			}
			if m[1] != "default" {
				known[m[1]] = max(known[m[1]], weight)
			}
		}
	}
	return known
}
