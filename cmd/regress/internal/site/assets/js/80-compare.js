// Any two commits, from what is stored of them, with the limits that this has.

const z95 = 1.96;

// zFor returns the quantile at which one of n comparisons without a change lies outside in 5 % of
// pages: Bonferroni's, by the usual approximation of the normal tail.
function zFor(n) {
  const t = Math.sqrt(-2 * Math.log(.025 / Math.max(1, n)));
  return t - (2.515517 + .802853 * t + .010328 * t * t) / (1 + 1.432788 * t + .189269 * t * t + .001308 * t * t * t);
}

const median = a => { const s = a.slice().sort((x, y) => x - y), m = s.length >> 1; return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2; };

// differ returns how two commits differ in one series, by the medians of their runs, and half of
// the 95 % interval that the noise between runs of one level gives to that.
function differ(a, b, noise, n) {
  const from = median(a.map(p => p.value)), to = median(b.map(p => p.value));
  const half = noise * Math.sqrt(1 / a.length + 1 / b.length), log = from > 0 && to > 0 ? Math.log(to / from) : null;
  return {from, to, change: log === null ? (from === to ? 0 : null) : Math.expm1(log), half: Math.expm1(z95 * half), log,
    clear: log === null ? from !== to : Math.abs(log) > zFor(n) * half && Math.abs(log) > .02};
}

async function compare(params) {
  const file = await runs(), options = file.commits.map((_, i) => commitOf(file, i)), measured = new Set(file.commit);
  const listed = options.filter(c => measured.has(c.at)).reverse();
  const find = key => listed.find(c => params.get(key) && (c.id.startsWith(params.get(key)) || params.get(key).startsWith(c.id)));
  const a = find('a'), b = find('b');
  const choice = (key, label, chosen) => h('label', null, label, h('select', {change: e => go(changed({[key]: e.target.value}))},
    h('option', {value: ''}, 'choose a commit'), listed.map(c => h('option', {value: c.id, selected: chosen === c}, c.id.slice(0, 10) + '  ' + day(c.time) + '  ' + plain(c.subject, 60)))));
  return [
    title('Compare two commits'),
    h('div', {class: 'row controls'}, choice('a', 'A', a), h('button', {type: 'button', 'aria-label': 'Swap A and B', click: () => go(changed({a: b ? b.id : null, b: a ? a.id : null}))}, '⇄'), choice('b', 'B', b)),
    a && b ? await comparison(a, b, file, params) : h('p', {class: 'soft'}, listed.length < 2 ? 'It takes runs of two commits.' : ['Choose two. ', h('a', {href: changed({a: listed[1].id, b: listed[0].id})}, 'The newest two'), ', or ', h('a', {href: changed({a: listed[listed.length - 1].id, b: listed[0].id})}, 'the oldest and the newest'), '.']),
  ];
}

// verdictsOf returns what the gate makes of two commits, by series, where a server can be asked: a
// page on a disk has no runs to decide on.
async function verdictsOf(a, b) {
  if (!data.project.live || !isCommit(a.id) || !isCommit(b.id)) return null;
  let decision;
  try {
    decision = await read('compare/' + a.id + '/' + b.id);
  } catch (err) {
    if (err instanceof Renewed) throw err;
    return null; // no runs that it can hold against each other: the table stands without it
  }
  const of = new Map(decision.series.map(r => [[r.package, r.name, r.unit, r.machine].join('\n'), r]));
  const x = data.index;
  return s => { const key = [x.packages[s.p], s.name, x.units[s.u].name]; return of.get([...key, x.machines[s.m].id].join('\n')) || of.get([...key, ''].join('\n')); };
}

const judgedAs = {regressed: 'worse', improved: 'better'};

function verdictCell(row) {
  if (!row) return h('span', {class: 'soft'}, 'nothing');
  const i = row.interval;
  return [h('span', {class: judgedAs[row.verdict] || null}, plain(row.verdict, 40)), i && h('div', {class: 'soft small nowrap'}, between(i.lo, i.hi))];
}

async function comparison(a, b, file, params) {
  const x = data.index, rows = [], alone = {a: 0, b: 0}, gate = await verdictsOf(a, b);
  const shards = [];
  for (let i = 0; i < x.shards; i += 8) shards.push(...await Promise.all(Array.from({length: Math.min(8, x.shards - i)}, (_, k) => read('s' + (i + k)))));
  for (const s of shards.flatMap(f => f.series)) {
    const points = pointsOf(s, file), of = c => points.filter(p => p.commit === c.at), pa = of(a), pb = of(b);
    if (pa.length && pb.length) rows.push({s, pa, pb, points});
    else if (pa.length) alone.a++;
    else if (pb.length) alone.b++;
  }
  for (const r of rows) {
    r.d = differ(r.pa, r.pb, r.s.noise, rows.length);
    const better = x.units[r.s.u].better, up = r.d.to > r.d.from;
    r.sense = !better || r.d.to === r.d.from ? 0 : (better === 'lower') === up ? 1 : -1;
    const [lo, hi] = a.at < b.at ? [a.at, b.at] : [b.at, a.at];
    r.cuts = r.s.changes.filter(c => r.points[c.at].commit > lo && r.points[c.at].commit <= hi);
  }
  rows.sort((p, q) => q.d.clear - p.d.clear || (q.cuts.length > 0) - (p.cuts.length > 0) || Math.abs(q.d.log ?? 9) - Math.abs(p.d.log ?? 9));
  const clear = rows.filter(r => r.d.clear), most = Number(params.get('most')) || 50, machines = new Set(rows.map(r => r.s.m));
  const table = rows.slice(0, most).map(r => {
    const unit = x.units[r.s.u], c = {change: r.d.change, from: r.d.from, to: r.d.to, sense: r.d.clear ? r.sense : 0};
    const row = [[h('a', {class: 'name', href: seriesAddress(r.s.p, r.s.name, r.s.u, r.s.m, {pick: [a.id, b.id]})}, name(r.s.name, 200)), ' ', h('span', {class: 'soft small'}, name(unit.name, 60)), machines.size > 1 && h('span', {class: 'package soft'}, name(x.machines[r.s.m].words, 60))],
      value(r.d.from, unit), value(r.d.to, unit), change(c, unit, r.d.clear), r.s.noise > 0 ? '± ' + percent(r.d.half) : '–',
      r.d.clear ? 'yes' : h('span', {class: 'soft'}, 'no'),
      gate && verdictCell(gate(r.s)),
      r.cuts.length ? r.cuts.map((cut, i) => [i ? ', ' : '', change(cut, unit), ' ', commitLink(commitOf(file, cut.by).id)]) : h('span', {class: 'soft'}, 'none')];
    row.attributes = {'data-row': true};
    return row;
  });
  const runsOf = c => { const set = new Set(); file.commit.forEach((k, i) => { if (k === c.at) set.add(i); }); return set.size; };
  return [
    h('dl', {class: 'facts'},
      [['A', a], ['B', b]].map(([label, c]) => h('div', null, h('dt', null, label + ' · ' + count(runsOf(c), 'run') + (c.time ? ' · ' + day(c.time) : '')), h('dd', null, commitLink(c.id), ' ', pullLink(c), h('small', null, name(c.subject, 120), c.author && [' · ', name(c.author, 60)])))),
      h('div', null, h('dt', null, 'Differ'), h('dd', null, count(clear.length, 'series', 'series'), h('small', null, clear.filter(r => r.sense > 0).length + ' worse, ' + clear.filter(r => r.sense < 0).length + ' better'))),
      h('div', null, h('dt', null, 'Compared'), h('dd', null, count(rows.length, 'series', 'series'), h('small', null, 'on ' + count(machines.size, 'class', 'classes') + ' of machine')))),
    h('details', {class: 'small'}, h('summary', null, 'What this can say, and what not'),
      h('p', null, 'The two were measured in different sessions, not side by side: whatever moved the machine in between is in the difference, but of series that are held against an anchor. Values are compared on one class of machine alone. The interval comes from the noise between runs of one level in the whole history; “yes” means beyond that noise by so much that no series would be so by chance in 19 of 20 such tables, and by 2 % at least. A change point weighs more than this: it rests on all runs on both sides. ', h('code', null, 'regress compare'), ' measures both side by side and decides.', gate && ' What the gate says here is its stored comparison: the newest runs of B against those of A.')),
    (alone.a > 0 || alone.b > 0) && h('p', {class: 'soft'}, 'Left out: ' + [alone.a && count(alone.a, 'series was', 'series were') + ' measured at A alone', alone.b && count(alone.b, 'series was', 'series were') + ' measured at B alone'].filter(Boolean).join(', ') + ', or on another class of machine.'),
    rangeLink(a.id, b.id) && h('p', null, rangeLink(a.id, b.id), ' on GitHub'),
    rows.length ? h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Comparison'}, tableOf([['Benchmark'], ['A', 'right wide'], ['B', 'right wide'], ['Change', 'right'], ['Noise', 'right wide'], ['Beyond it'], gate && ['The gate says'], ['Change points between']].filter(Boolean), table.map(row => { const cells = row.filter(c => c !== null); cells.attributes = row.attributes; return cells; }))) : h('p', {class: 'card soft'}, 'No series was measured at both on one class of machine.'),
    rows.length > most && h('p', null, h('a', {href: changed({most: most * 4})}, 'Show ' + Math.min(rows.length, most * 4) + ' of ' + rows.length)),
  ];
}
