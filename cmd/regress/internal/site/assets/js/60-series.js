// One series: where its values lie, where they changed, and who can have done it.

async function series(params) {
  const pkg = params.get('package') || '', benchName = params.get('name') || '', file = await runs();
  const all = await benchmark(pkg, benchName), x = data.index;
  if (!all.length) throw new Error('There is no benchmark ' + plain(benchName, 200) + ' here: it may have been renamed.');
  const units = [...new Set(all.map(s => s.u))], u = units.find(i => x.units[i].name === params.get('unit')) ?? units.find(i => x.units[i].name === 'sec/op') ?? units[0];
  const machines = all.filter(s => s.u === u), s = machines.find(m => x.machines[m.m].id === params.get('machine')) || machines.slice().sort((a, b) => b.runs.reduce((n, r) => n + r[1], 0) - a.runs.reduce((n, r) => n + r[1], 0))[0];
  const state = {s, file, unit: x.units[u], points: pointsOf(s, file), params};
  state.view = s.view = lens(state, params.get('y'));
  const {fn, parts} = partsOf(benchName);
  return [
    h('p', {class: 'crumb'}, name(pkg, 300)),
    title(plain(benchName, 120), name(fn, 400), ' ', parts.map(p => h('span', {class: 'chip'}, p.key && [name(p.key, 60), ' '], h('b', null, name(p.value, 400))))),
    h('p', {class: 'lead'}, summaryOf(state)),
    h('div', {class: 'row controls'},
      units.length > 1 && h('label', null, 'Unit', select('unit', units.map(i => [x.units[i].name, plain(x.units[i].name, 60)]), state.unit.name)),
      machines.length > 1 && h('label', null, 'Machine', select('machine', machines.map(m => [x.machines[m.m].id, plain(x.machines[m.m].words, 60)]), x.machines[s.m].id)),
      lensButtons(state),
      buttons('Runs shown', [['', 'All runs'], ['100', 'Last 100'], ['30', 'Last 30']].filter(([k]) => !k || Number(k) < state.points.length), params.get('zoom') ? null : params.get('last') || '', key => go(changed({last: key, zoom: null}))),
      h('button', {type: 'button', 'aria-pressed': String(params.has('zero')), click: () => go(changed({zero: params.has('zero') ? null : '1'}))}, 'From zero'),
      params.get('zoom') && h('button', {type: 'button', click: () => go(changed({zoom: null}))}, 'Whole course')),
    heldWords(state),
    drawing(state),
    picks(state),
    changesTable(state),
    runsTable(state),
  ];
}

// lens returns how values are looked at: held against the anchor, where they are, or as measured.
function lens({s, unit, points, file}, which) {
  const measured = s.held && which === 'measured', of = measured ? s.held : s;
  return {key: s.held ? which === 'measured' ? 'measured' : 'held' : '', points: measured ? pointsOf(s, file, s.held) : points,
    segments: of.segments || [], changes: of.changes || [], noise: of.noise || 0, write: v => value(v, unit)};
}

const lensButtons = ({s, view}) => s.held && buttons('Values', [['', 'Held against the anchor'], ['measured', 'As measured']], view.key === 'measured' ? 'measured' : '', key => go(changed({y: key})));

// heldWords says what a course is held against.
const heldWords = ({s, view}) => view.key === 'held' && h('p', {class: 'soft small'}, 'Values are what head would take if the anchor ', commitLink(s.held.anchor), ', measured beside it, always took ', view.write(s.held.value), ': the machine of a day is out of them. ',
  s.held.left > 0 && count(s.held.left, 'run') + ' without an anchor ' + (s.held.left === 1 ? 'is' : 'are') + ' left out. ', s.held.moves > 0 && 'Where the anchor changed and no run has both beside each other, levels before and after are not comparable.');

function summaryOf({points, view, unit, file}) {
  const last = view.segments[view.segments.length - 1], c = view.changes[view.changes.length - 1];
  const now = [h('strong', null, view.write(last ? last[2] : points[points.length - 1].value)), ' now'];
  if (!c) return [now, '; no change that can be told from noise in ' + count(points.length, 'run') + '. Noise between runs: ' + percent(view.noise) + '.'];
  return [now, '; last changed by ', change(c, unit, true), ' at ', commitLink(commitOf(file, c.by).id), ' on ' + day(commitOf(file, c.by).time || points[c.at].time) + '. Noise between runs: ' + percent(view.noise) + '.'];
}

function shown({points, params}) {
  const zoom = /^(\d{1,7})-(\d{1,7})$/.exec(params.get('zoom') || ''), last = Number(params.get('last'));
  if (zoom && Number(zoom[1]) < Number(zoom[2]) && Number(zoom[2]) <= points.length) return [Number(zoom[1]), Number(zoom[2])];
  if (last > 0 && last < points.length) return [points.length - last, points.length];
  return [0, points.length];
}

// pickedOf returns the indices of the runs that the address names, at most two, in order.
function pickedOf({points, file, params}) {
  return params.getAll('pick').map(id => points.findLastIndex(p => commitOf(file, p.commit).id === id)).filter(i => i >= 0).slice(-2).sort((a, b) => a - b);
}

function pick(state, i) {
  const id = commitOf(state.file, state.points[i].commit).id, before = state.params.getAll('pick');
  go(changed({pick: before.includes(id) ? before.filter(p => p !== id) : [...before, id].slice(-2)}));
}

let drawn = null; // the chart on the page
let begin = null; // draws it, in the colours of the moment

function drawing(state) {
  const {view, params} = state, [from, to] = shown(state);
  let at = null;
  const readout = h('div', {class: 'readout', id: 'readout'}, h('p', {class: 'soft'}, 'Point at a run to read it; click it to keep it, and a second one to compare. Drag to look closer. With the keyboard: ← → and Enter.'));
  const place = h('div', {id: 'plot', tabindex: '0', role: 'group', 'aria-roledescription': 'chart', 'aria-label': 'Chart of ' + count(to - from, 'run') + '; the tables below say the same', 'aria-describedby': 'readout'});
  const describe = i => {
    const p = view.points[i], c = commitOf(state.file, p.commit);
    readout.replaceChildren(
      h('p', null, h('strong', null, view.write(p.value)), p.half > 0 ? h('span', {class: 'soft'}, ' ± ' + view.write(p.half)) : null, view.key === 'held' ? h('span', {class: 'soft'}, ' · ' + (p.value / state.s.held.value).toFixed(3) + '× the anchor') : null, ' · ', commitLink(c.id), ' ', pullLink(c), h('span', {class: 'soft'}, ' · ' + minute(p.time))),
      h('p', null, name(c.subject, 160), c.author ? h('span', {class: 'soft'}, ' · ', name(c.author, 60)) : null));
  };
  const options = {points: view.points, segments: view.segments, changes: view.changes, write: view.write, from, to, zero: params.has('zero'), picked: pickedOf(state),
    hover: i => { if (i !== null && i !== undefined && i >= from && i < to && i !== at) describe(at = i); },
    pick: i => pick(state, i), zoom: (a, b) => go(changed({zoom: a + '-' + b, last: null}))};
  place.addEventListener('keydown', e => {
    const move = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity}[e.key];
    if (e.key === 'Enter' && at !== null) { pick(state, at); e.preventDefault(); }
    if (!move || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    const next = Math.min(Math.max((at === null ? to : at) + move, from), to - 1);
    if (drawn) drawn.point(next);
    describe(at = next);
    say(readout.textContent);
  });
  begin = () => { drawn = chart(place, options); };
  pending.push(begin);
  return h('div', {class: 'chart'},
    h('ul', {class: 'legend'},
      h('li', null, h('i', {class: 'l-dot', 'aria-hidden': 'true'}), 'a run'),
      view.points.some(p => p.half > 0) && h('li', null, h('i', {class: 'l-band', 'aria-hidden': 'true'}), '95 % interval of the run by itself'),
      h('li', null, h('i', {class: 'l-level', 'aria-hidden': 'true'}), 'level'),
      view.changes.length > 0 && h('li', null, h('i', {class: 'l-cut', 'aria-hidden': 'true'}), 'change')),
    place, readout);
}

// picks shows the runs that were clicked, and of two how they differ.
function picks(state) {
  const chosen = pickedOf(state), {view, file, unit} = state;
  if (!chosen.length) return null;
  const cards = chosen.map((i, k) => {
    const p = view.points[i], c = commitOf(file, p.commit);
    return h('div', {class: 'card'}, h('strong', null, chosen.length > 1 ? (k ? 'B' : 'A') : 'Picked'), ' ', commitLink(c.id), ' ', pullLink(c),
      h('dl', null, h('dt', null, 'Value'), h('dd', null, view.write(p.value) + (p.half > 0 ? ' ± ' + view.write(p.half) : '')),
        h('dt', null, 'Commit'), h('dd', null, name(c.subject, 160) , c.author && [' · ', name(c.author, 60)]),
        h('dt', null, 'Measured'), h('dd', null, minute(p.time), h('span', {class: 'soft'}, file.environments[p.environment] ? [' · ', name(file.environments[p.environment], 120)] : ''))),
      h('button', {type: 'button', click: () => pick(state, i)}, 'Let go'));
  });
  if (chosen.length === 2) cards.push(h('div', {class: 'card'}, h('strong', null, 'A to B'), difference(state, chosen[0], chosen[1], unit)));
  else cards.push(h('div', {class: 'card soft'}, 'Click a second run to compare the two.'));
  return h('section', {'aria-label': 'Picked runs', class: 'picks'}, cards);
}

function difference({view, file}, a, b, unit) {
  const d = differ([view.points[a]], [view.points[b]], view.noise, 1), inside = view.changes.filter(c => c.at > a && c.at <= b);
  const A = commitOf(file, view.points[a].commit).id, B = commitOf(file, view.points[b].commit).id;
  return h('dl', null,
    h('dt', null, 'Change'), h('dd', null, d.change === null ? view.write(view.points[a].value) + ' → ' + view.write(view.points[b].value) : h('strong', null, relative(d.change)), d.half > 0 && h('span', {class: 'soft'}, ' ± ' + percent(d.half) + ' by the noise between runs')),
    h('dt', null, 'Change points between'), h('dd', null, inside.length ? inside.map((c, i) => [i ? ', ' : '', change(c, unit), ' at ', commitLink(commitOf(file, c.by).id)]) : 'none: two runs of one level differ by noise'),
    h('dd', null, rangeLink(A, B)),
    h('dd', null, h('a', {href: address('compare', {a: A, b: B})}, 'All series of these two')));
}

function changesTable({view, file, unit}) {
  if (!view.changes.length) return null;
  const rows = view.changes.slice().reverse().map(c => {
    const by = commitOf(file, c.by), after = commitOf(file, c.after);
    return [change(c, unit), intervalOf(c), h('span', {class: 'nowrap'}, view.write(c.from) + ' → ' + view.write(c.to)),
      [commitLink(by.id), ' ', pullLink(by), h('span', {class: 'soft'}, ' ' + day(by.time))],
      [name(by.subject, 120), by.author && h('span', {class: 'soft'}, ' · ', name(by.author, 60)),
        c.between > 1 && h('div', {class: 'soft small'}, (c.between > 2 ? 'or one of the ' + (c.between - 1) + ' before it, ' : 'or the one before it, '), rangeLink(after.id, by.id) || [commitLink(after.id), ' to ', commitLink(by.id)]),
        c.between === 0 && h('div', {class: 'note'}, 'between runs of one commit: not the code'),
        c.moved && h('div', {class: 'note'}, 'The machine changed here: ', name(c.moved[0], 200), ', now ', name(c.moved[1], 200))]];
  });
  return [h('h2', null, 'Changes'), h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Changes'}, tableOf([['Change', 'nowrap'], ['Between', 'nowrap'], ['Level'], ['Commit', 'nowrap'], ['Subject']], rows))];
}

function runsTable(state) {
  const {view, file, params} = state, [from, to] = shown(state), most = params.has('runs') ? Infinity : 20, chosen = pickedOf(state);
  const rows = [];
  for (let i = to - 1; i >= from && rows.length < most; i--) {
    const p = view.points[i], c = commitOf(file, p.commit), at = view.segments.findIndex(s => i >= s[0] && i < s[1]);
    const row = [[commitLink(c.id), ' ', pullLink(c)], h('span', {class: 'nowrap'}, minute(p.time)), view.write(p.value), p.half > 0 ? '± ' + view.write(p.half) : '', at < 0 ? '' : view.write(view.segments[at][2]), [name(c.subject, 100), c.author && h('span', {class: 'soft'}, ' · ', name(c.author, 50))],
      h('button', {type: 'button', 'aria-pressed': String(chosen.includes(i)), 'aria-label': 'Pick the run of ' + c.id.slice(0, 10), click: () => pick(state, i)}, 'Pick')];
    row.attributes = {class: chosen.includes(i) ? 'here' : null, 'data-row': true};
    rows.push(row);
  }
  return [h('h2', null, 'Runs'), h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Runs'},
    tableOf([['Commit', 'nowrap'], ['Measured', 'wide'], ['Value', 'right'], ['Interval', 'right wide'], ['Level', 'right'], ['Subject', 'wide'], [h('span', {class: 'hidden'}, 'Pick'), 'right']], rows)),
    to - from > rows.length && h('p', null, h('a', {href: changed({runs: 'all'})}, 'All ' + (to - from) + ' runs'))];
}
