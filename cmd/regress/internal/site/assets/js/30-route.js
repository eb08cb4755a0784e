// The address says everything that is shown, so that it can be sent to somebody: "#/series?…".

const route = () => {
  const [path, query] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return {view: path || 'overview', params: new URLSearchParams(query || '')};
};

function address(view, params) {
  const all = new URLSearchParams();
  for (const [key, one] of Object.entries(params || {})) {
    for (const v of Array.isArray(one) ? one : [one]) if (v !== null && v !== undefined && v !== '') all.append(key, v);
  }
  if (data.projects && data.projects.length > 1 && data.project) all.set('project', data.project.name);
  const query = all.toString();
  return '#/' + (view === 'overview' ? '' : view) + (query ? '?' + query : '');
}

// with returns the present address with some parameters changed; null takes one away.
function changed(changes) {
  const {view, params} = route();
  for (const [key, one] of Object.entries(changes)) {
    params.delete(key);
    for (const v of Array.isArray(one) ? one : [one]) if (v !== null && v !== '') params.append(key, v);
  }
  const query = params.toString();
  return '#/' + (view === 'overview' ? '' : view) + (query ? '?' + query : '');
}

const go = to => { location.hash = to; };

// settle changes the address without a step for the back button, as while somebody types.
function settle(to) {
  history.replaceState(null, '', to);
  draw(true);
}

const seriesAddress = (p, benchName, u, m, more) => address('series', {
  package: data.index.packages[p], name: benchName, unit: data.index.units[u].name, machine: data.index.machines.length > 1 ? data.index.machines[m].id : '', ...more,
});

function title(heading, ...rest) {
  document.title = [heading, data.project && plain(data.project.name, 80), 'regress'].filter(Boolean).join(' · ');
  return h('h1', {tabindex: '-1'}, rest.length ? rest : heading);
}

// partsOf takes the name of a benchmark apart: "PingPong/transport=shm/size=64B-2". The number that go
// test adds is a part of its own, where there are several.
function partsOf(benchName) {
  const [all, number] = benchName.match(/-([2-9]|[1-9]\d+)$/) || [], procs = data.index.procs, added = procs.includes(Number(number));
  const [fn, ...rest] = (added ? benchName.slice(0, -all.length) : benchName).split('/');
  const parts = rest.map(part => {
    const cut = part.indexOf('=');
    return cut > 0 ? {key: part.slice(0, cut), value: part.slice(cut + 1)} : {key: '', value: part};
  });
  if (procs.length > 1) parts.push({key: 'gomaxprocs', value: added ? number : '1'});
  return {fn, parts};
}
