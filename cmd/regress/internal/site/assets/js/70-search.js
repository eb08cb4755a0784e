// Which series there are: by words, and by what their names say.

let names = null; // of the listing at hand: what each name says, taken apart once

async function listing() {
  const list = (await read('list')).series;
  if (names && names.list === list) return names;
  const x = data.index;
  names = {list, of: list.map(s => {
    const {parts} = partsOf(s.name);
    return {keys: parts.filter(p => p.key), text: (x.packages[s.p] + '.' + s.name + ' ' + x.units[s.u].name).toLowerCase()};
  })};
  return names;
}

const facetTitles = {package: 'Package', unit: 'Unit', machine: 'Machine', changed: 'Latest change'};

// On a phone the filters are folded until somebody opens them.
const narrow = matchMedia('(max-width: 52rem)');
let filtersOpen = false;

async function search(params) {
  const all = await listing(), x = data.index, file = await runs();
  const words = (params.get('q') || '').toLowerCase().split(/\s+/).filter(Boolean), cause = params.get('cause');
  const facets = facetsOf(all, x);
  const chosen = new Map(facets.map(f => [f.key, params.getAll(f.key)]).filter(([, v]) => v.length));
  const passes = (i, but) => words.every(w => all.of[i].text.includes(w)) && (!cause || (all.list[i].c || []).includes(Number(cause))) &&
    facets.every(f => f.key === but || !chosen.has(f.key) || f.of(i).some(v => chosen.get(f.key).includes(v)));
  const hits = all.list.map((_, i) => i).filter(i => passes(i));
  const sort = params.get('sort') || (words.length ? 'name' : 'change');
  if (sort === 'change') hits.sort((a, b) => weightOf(all.list[b]) - weightOf(all.list[a]) || a - b);
  if (sort === 'noise') hits.sort((a, b) => all.list[b].noise - all.list[a].noise || a - b);
  const most = Number(params.get('most')) || 60, seen = hits.slice(0, most);
  say(count(hits.length, 'series', 'series') + ' found');
  return [
    title('Series'),
    h('div', {class: 'row between'}, h('p', {class: 'soft'}, hits.length === all.list.length ? count(hits.length, 'series', 'series') : hits.length.toLocaleString('en') + ' of ' + count(all.list.length, 'series', 'series'),
      cause && [' that changed by one cause. ', h('a', {href: changed({cause: null})}, 'All series')]),
    h('div', {class: 'row controls'}, h('label', null, 'Order', select('sort', [['change', 'Latest change, worst first'], ['noise', 'Noisiest first'], ['name', 'By name']], sort)),
      (chosen.size > 0 || words.length > 0) && h('button', {type: 'button', click: () => go(address('search'))}, 'Clear'))),
    h('div', {class: 'finder'},
      h('section', {class: 'facets controls', 'aria-label': 'Filters'}, h('details', {id: 'filters', open: filtersOpen || !narrow.matches, toggle: e => { if (narrow.matches) filtersOpen = e.target.open; }}, h('summary', null, 'Filters'), facetPanel(facets, chosen, all, passes))),
      h('div', null, seen.length ? resultTable(seen.map(i => all.list[i]), file) : h('p', {class: 'card soft'}, 'Nothing is called that. Fewer words, or fewer filters, find more.'),
        hits.length > most && h('p', null, h('a', {href: changed({most: most * 4})}, 'Show ' + Math.min(hits.length, most * 4) + ' of ' + hits.length.toLocaleString('en'))))),
  ];
}

// weightOf orders by the latest change: the worst first, then the best, then what did not change.
function weightOf(s) {
  if (s.change === undefined || s.change === null) return -1e9;
  return (s.sense || 0) * Math.abs(Math.log1p(Math.max(s.change, -.999)) || 1);
}

function facetsOf(all, x) {
  const out = [
    {key: 'package', of: i => [x.packages[all.list[i].p]], show: v => v.replace(/^.*?\/([^/]+\/[^/]+)$/, '…/$1')},
    {key: 'unit', of: i => [x.units[all.list[i].u].name], show: v => v},
    {key: 'machine', of: i => [x.machines[all.list[i].m].id], show: v => (x.machines.find(m => m.id === v) || {words: v}).words},
    {key: 'changed', of: i => { const s = all.list[i]; return s.change === undefined || s.change === null ? ['no'] : ['any', s.sense > 0 ? 'worse' : s.sense < 0 ? 'better' : 'neither']; },
      show: v => ({no: 'none', any: 'any', worse: 'for the worse', better: 'for the better', neither: 'without a direction'})[v]},
  ];
  const keys = new Map();
  for (const n of all.of) for (const p of n.keys) keys.set(p.key, (keys.get(p.key) || 0) + 1);
  for (const [key] of [...keys].sort((a, b) => b[1] - a[1]).slice(0, 8)) {
    out.push({key: 'key.' + key, title: key, of: i => all.of[i].keys.filter(p => p.key === key).map(p => p.value), show: v => v});
  }
  return out;
}

function facetPanel(facets, chosen, all, passes) {
  return facets.map(f => {
    const counts = new Map();
    all.list.forEach((_, i) => { if (passes(i, f.key)) for (const v of f.of(i)) counts.set(v, (counts.get(v) || 0) + 1); });
    for (const v of chosen.get(f.key) || []) if (!counts.has(v)) counts.set(v, 0);
    if (counts.size < 2 && !chosen.has(f.key)) return null;
    const options = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 60), picked = chosen.get(f.key) || [];
    return h('fieldset', null, h('legend', null, f.title ? name(f.title, 60) : facetTitles[f.key]),
      h('div', {class: options.length > 9 ? 'long' : null, tabindex: options.length > 9 ? '0' : null, role: options.length > 9 ? 'group' : null, 'aria-label': options.length > 9 ? plain(f.title || facetTitles[f.key], 60) : null},
        options.map(([v, n], i) => h('label', null,
          h('input', {type: 'checkbox', id: 'facet-' + f.key + '-' + i, checked: picked.includes(v), change: e => go(changed({[f.key]: e.target.checked ? [...picked, v] : picked.filter(p => p !== v), most: null}))}),
          h('span', null, name(f.show(v) || '(none)', 120)), h('small', null, n.toLocaleString('en'))))));
  });
}

function resultTable(rows, file) {
  const x = data.index, several = x.machines.length > 1;
  return tableOf([['Benchmark'], ['Course', 'wide'], ['Last', 'right'], ['Latest change', 'right'], ['Noise', 'right wide']], rows.map(s => {
    const unit = x.units[s.u];
    const row = [[h('a', {class: 'name', href: seriesAddress(s.p, s.name, s.u, s.m)}, name(s.name, 240)), ' ', h('span', {class: 'soft small'}, name(unit.name, 60)), h('span', {class: 'package'}, name(x.packages[s.p], 160), several && [' · ', name(x.machines[s.m].words, 60)])],
      sparkline(s.spark), value(s.last, unit),
      s.change === undefined || s.change === null ? h('span', {class: 'soft'}, 'none') : [s.change === 0 ? 'from or to 0' : change({...s, from: 0, to: 0}, unit), h('div', {class: 'soft small'}, s.by === undefined ? day(commitOf(file, 0).time) : day(commitOf(file, s.by).time))],
      s.n < 6 ? h('span', {class: 'soft'}, count(s.n, 'run')) : percent(s.noise)];
    row.attributes = {'data-row': true};
    return row;
  }), {class: 'results cards'});
}
