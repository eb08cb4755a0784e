// What changed lately, worst first, by what made it; how fast it has to be; how sure all this is.

const windows = [['20', 'the last 20 commits'], ['50', 'the last 50 commits'], ['200', 'the last 200 commits'], ['all', 'all commits']];

async function overview(params) {
  const x = data.index, file = await runs();
  const span = params.get('window') || (x.commits > 60 ? '50' : 'all'), order = params.get('order') || 'worst';
  const from = span === 'all' ? -1 : file.commits.length - Number(span);
  const lately = x.causes.filter(c => c.by >= from);
  if (order === 'worst') lately.sort((a, b) => b.weight - a.weight || b.by - a.by);
  const last = file.commits.length ? commitOf(file, file.commits.length - 1) : null;
  return [
    title('Overview', name(x.project)),
    h('p', {class: 'soft'}, [x.branch && ['branch ', name(x.branch)], count(x.commits, 'commit') + ' measured',
      x.measured && 'last on ' + x.measured.slice(0, 10), last && ['newest ', commitLink(last.id)]].filter(Boolean).flatMap((p, i) => i ? [' · ', p] : [p])),
    facts(x, lately),
    h('div', {class: 'row between'}, h('h2', {id: 'changes'}, 'What changed'),
      h('div', {class: 'row controls'},
        h('label', null, 'Within', select('window', windows, span)),
        buttons('Order', [['worst', 'Worst first'], ['newest', 'Newest first']], order, key => go(changed({order: key === 'worst' ? null : key}))))),
    lately.length
      ? h('ol', {class: 'causes', 'aria-labelledby': 'changes'}, lately.map(c => causeItem(c, file)))
      : h('p', {class: 'card soft'}, 'Nothing changed that can be told from noise' + (span === 'all' ? '.' : ' within these commits.')),
    span === 'all' && x.causesBefore > 0 && h('p', {class: 'soft'}, count(x.causesBefore, 'older change') + ' are not listed here: ', h('a', {href: address('search', {changed: 'any'})}, 'all series that changed'), '.'),
    targets(x),
    sureness(x),
    x.order === 'measured' && h('p', {class: 'soft'}, 'Commits are in the order in which they were first measured: git did not know all of them where this was written.'),
  ];
}

// select returns a choice that is a part of the address.
const select = (key, options, chosen, first) => h('select', {change: e => go(changed({[key]: e.target.value === (first === undefined ? null : first) ? null : e.target.value}))},
  options.map(([v, text]) => h('option', {value: v, selected: v === chosen}, text)));

function facts(x, lately) {
  const worse = lately.reduce((n, c) => n + c.worse, 0), better = lately.reduce((n, c) => n + c.better, 0);
  const fact = (what, much, more) => h('div', null, h('dt', null, what), h('dd', null, much, more && h('small', null, more)));
  return h('dl', {class: 'facts'},
    fact('Worse', h('span', {class: worse ? 'worse' : null}, count(worse, 'series', 'series')), 'by ' + count(lately.filter(c => c.worse).length, 'cause')),
    fact('Better', h('span', {class: better ? 'better' : null}, count(better, 'series', 'series')), 'by ' + count(lately.filter(c => c.better).length, 'cause')),
    fact('Watched', count(x.series, 'series', 'series'), 'of ' + count(x.benchmarks, 'benchmark')),
    fact('Enough runs to judge', x.series ? percent(Math.floor(100 * x.judged / x.series) / 100) : '–', x.judged.toLocaleString('en') + ' of ' + count(x.series, 'series', 'series')),
    fact('Noise between runs', x.noise.series.some(n => n) ? percent(x.noise.median) : 'unknown', 'median of those that have any'));
}

function causeItem(c, file) {
  const commit = commitOf(file, c.commit), first = c.steps[0];
  const subject = plain(commit.subject, 160) || plain(commit.id.slice(0, 10), 40);
  const parts = [c.worse && count(c.worse, 'series', 'series') + ' worse', c.better && c.better + ' better', c.other && c.other + ' without a direction'].filter(Boolean);
  return h('li', {class: 'cause', 'data-row': true},
    h('div', null, h('div', {class: 'size'}, change(first, data.index.units[first.u])), h('div', {class: 'count'}, parts.join(', '))),
    h('div', null,
      h('h3', null, h('bdi', null, subject)),
      h('p', {class: 'meta'}, [commitLink(commit.id), pullLink(commit), commit.author && name(commit.author, 60), day(commit.time)].filter(Boolean).flatMap((p, i) => i ? [' · ', p] : [p])),
      c.moved && h('p', {class: 'note'}, 'The machine or toolchain changed here too, which explains more than a commit can.'),
      suspects(c, file),
      h('ul', {class: 'steps'}, c.steps.map(s => h('li', null,
        h('span', {class: 'name'}, h('a', {href: seriesAddress(s.p, s.name, s.u, s.m)}, name(s.name, 110)), ' ', h('span', {class: 'soft small'}, name(data.index.units[s.u].name, 60), data.index.machines.length > 1 && [' on ', name(data.index.machines[s.m].words, 44)])),
        h('span', {class: 'right'}, change(s, data.index.units[s.u])),
        h('span', {class: 'right soft wide'}, s.change !== null && value(s.from, data.index.units[s.u]) + ' → ' + value(s.to, data.index.units[s.u]))))),
      c.more > 0 && h('p', {class: 'small'}, h('a', {href: address('search', {cause: c.id})}, 'and ' + count(c.more, 'more series', 'more series')))));
}

// suspects says which commits can have done it, where it is not one alone.
function suspects(c, file) {
  if (c.between === 0) return h('p', {class: 'note'}, 'Between runs of one commit: not the code.');
  if (c.between === 1) return null;
  const from = commitOf(file, c.after).id, to = commitOf(file, c.by).id;
  return h('details', null, h('summary', null, 'One of ' + count(c.between, 'commit') + ' did it'),
    h('ul', {class: 'plain'}, c.names.map(w => h('li', {class: 'small'}, commitLink(w.commit), ' ', name(w.subject, 120), h('span', {class: 'soft'}, w.author && [' · ', name(w.author, 60)], w.time ? ' · ' + day(w.time) : ''))),
      c.between > c.names.length && h('li', {class: 'small soft'}, 'and ' + (c.between - c.names.length) + ' more'),
      h('li', {class: 'small'}, rangeLink(from, to))));
}

// limit writes what somebody chose, who may have meant powers of ten.
function limit(v, unit) {
  const step = unit.kind === 'bytes' && v % 1024 !== 0 && [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']].find(s => v >= s[0] && v * 10 % s[0] === 0);
  return step ? v / step[0] + ' ' + step[1] + beside(unit) : value(v, unit);
}

const verdicts = {missed: 'worse', met: 'better'};

function targets(x) {
  if (!x.targets.length) return null;
  const rows = x.targets.map(t => {
    const unit = {name: t.unit, kind: t.kind};
    return [[name(t.name, 100), t.benchmark && h('span', {class: 'package soft small'}, ' ', name(t.benchmark, 200))],
      (t.below ? '< ' : '> ') + limit(t.limit, unit), t.value === null ? '–' : value(t.value, unit),
      t.margin === null ? '–' : (Math.floor(t.margin * 100) / 100).toFixed(t.margin >= 10 ? 0 : 2) + '×', h('span', {class: verdicts[t.verdict] || null}, t.verdict)];
  });
  return [h('h2', null, 'Targets'), h('p', {class: 'soft small'}, 'Limits of regress.toml against the newest run; a margin is how many times better than demanded, by the wrong end of its interval.'),
    h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Targets'}, tableOf([['Target'], ['Limit', 'right'], ['Measured', 'right'], ['Margin', 'right'], ['Verdict']], rows)),
    x.moreTargets > 0 && h('p', {class: 'soft'}, 'and ' + x.moreTargets + ' more')];
}

function sureness(x) {
  const total = x.noise.series.reduce((a, b) => a + b, 0), words = ['below 1 %', '1 to 3 %', '3 to 10 %', 'more'];
  return [h('h2', null, 'How sure this is'),
    h('p', null, count(x.judged, 'series has', 'series have') + ' at least six runs at the present level' + (x.judged < x.series ? '; ' + count(x.series - x.judged, 'other needs', 'others need') + ' more before a step can be told from noise.' : '.')),
    total > 0 && [h('p', {class: 'soft small'}, 'Noise between runs of one level, as a robust standard deviation:'),
      h('div', {class: 'bar', 'aria-hidden': 'true'}, x.noise.series.map((n, i) => n > 0 && grow(h('i', {class: 'n' + i}), n))),
      h('ul', {class: 'plain row small'}, x.noise.series.map((n, i) => h('li', null, h('i', {class: 'key n' + i, 'aria-hidden': 'true'}), words[i] + ': ' + count(n, 'series', 'series'))))],
    x.machines.length > 0 && h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Machines'}, tableOf([['Class of machine'], ['Runs', 'right']], x.machines.map(m => [name(m.words, 200), m.runs.toLocaleString('en')])))];
}

function grow(element, n) {
  element.style.flexGrow = n;
  return element;
}
