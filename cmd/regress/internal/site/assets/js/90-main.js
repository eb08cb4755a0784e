// Routes, keys and colours.

const views = {overview, series, search, compare};
let pending = []; // what is begun once a view stands on the page
let turn = 0;

// draw shows what the address says. keep: the focus stays where it is, as while somebody types.
async function draw(keep) {
  const mine = ++turn, {view, params} = route(), main = document.getElementById('main');
  let parts;
  try {
    await open(params.get('project'));
    if (!views[view]) throw new Error('There is no such page here.');
    pending = [];
    parts = await views[view](params);
  } catch (err) {
    if (mine !== turn) return;
    if (err instanceof Renewed && Date.now() - renewals > 5000) { forget(); return draw(keep); }
    parts = [title('Not here'), h('p', {class: 'alert', role: 'alert'}, plain(err.message, 600)), h('p', null, h('a', {href: '#/'}, 'Overview'))];
    pending = [];
  }
  if (mine !== turn) return;
  if (drawn) { drawn.stop(); drawn = null; }
  const focused = keyOf(document.activeElement), place = [view, params.get('name'), params.get('project')].join(' ');
  const fresh = h('div', null, parts);
  main.replaceChildren(...fresh.childNodes);
  for (const begin of pending) begin();
  pending = [];
  frame(view, params);
  const again = place === stood && focused && [...document.querySelectorAll('button, select, input, a, [tabindex]')].find(e => keyOf(e) === focused);
  if (again) again.focus({preventScroll: true});
  else if (!keep && stood && focused !== 'query') main.querySelector('h1').focus({preventScroll: true});
  if (stood && place !== stood) window.scrollTo(0, 0);
  stood = place;
  document.documentElement.dataset.ready = location.hash || '#/';
}

let stood = ''; // what the last address showed

// keyOf tells an element from its neighbours, so that the focus finds its likeness in a view that
// was drawn again.
const keyOf = e => e && e !== document.body ? e.id || e.tagName + ' ' + (e.getAttribute('aria-label') || e.textContent).slice(0, 200) : '';

function frame(view, params) {
  for (const a of document.querySelectorAll('nav a')) {
    const own = a.dataset.view === view || a.dataset.view === 'search' && view === 'series';
    if (own) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
    a.setAttribute('href', address(a.dataset.view));
  }
  const query = document.getElementById('query');
  if (document.activeElement !== query) query.value = view === 'search' ? params.get('q') || '' : '';
  const x = data.index;
  document.getElementById('projects').replaceChildren(...(data.projects && data.projects.length > 1
    ? [h('label', null, h('span', {class: 'hidden'}, 'Project'), h('select', {id: 'project', change: e => go('#/?' + new URLSearchParams({project: e.target.value}))}, data.projects.map(p => h('option', {value: p.name, selected: data.project === p}, plain(p.name, 60)))))] : []));
  document.getElementById('footer').replaceChildren(h('p', null, x ? ['Written by regress from ', count(x.runs, 'run'), ' of ', name(x.project, 200), x.measured ? ', the newest of ' + x.measured.slice(0, 16).replace('T', ' ') + ' UTC' : '', '. Charts: uPlot, MIT.'] : 'regress'));
}

const themes = ['system', 'light', 'dark'];
function theme(next) {
  let now = document.documentElement.dataset.theme || 'system';
  if (next) {
    now = themes[(themes.indexOf(now) + 1) % 3];
    try { localStorage.setItem('regress-theme', now); } catch { /* a page on a disk may have none */ }
  } else {
    try { now = localStorage.getItem('regress-theme') || 'system'; } catch { now = 'system'; }
  }
  if (now === 'system' || !themes.includes(now)) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
  const button = document.getElementById('theme');
  button.setAttribute('aria-label', 'Colours: ' + ({light: 'light', dark: 'dark'}[now] || 'as the system'));
  button.textContent = {light: '☀', dark: '☾'}[now] || '◐';
  if (next) draw(true);
}

function help() {
  const keys = document.getElementById('keys'), line = (key, text) => [h('dt', null, key.split(' ').map((k, i) => [i ? ' ' : '', h('kbd', null, k)])), h('dd', null, text)];
  keys.replaceChildren(h('h2', {id: 'keys-title'}, 'Keys and words'),
    h('dl', null, line('/', 'find a benchmark'), line('j k', 'next and previous row'), line('Enter', 'open the row; in a chart, pick the run'), line('← →', 'in a chart: run by run'), line('o s c', 'overview, series, compare'), line('t', 'colours'), line('?', 'this'), line('Esc', 'close')),
    h('p', {class: 'small'}, h('strong', null, 'Level: '), 'the median of the runs between two changes. ', h('strong', null, 'Change: '), 'the level is another from here on, beyond what noise does; a single bad run is none. ', h('strong', null, 'Cause: '), 'series that changed at one commit. ', h('strong', null, 'Noise: '), 'how far runs of one level lie apart, as a robust standard deviation. ', h('strong', null, 'Interval: '), 'about 95 % for the median of one run, by its own rounds.'),
    h('form', {method: 'dialog'}, h('button', null, 'Close')));
  keys.showModal();
}

function step(by) {
  const rows = [...document.querySelectorAll('[data-row]')].map(r => r.querySelector('a[href^="#"], a, button')).filter(Boolean);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement), next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({block: 'nearest'});
}

document.addEventListener('keydown', e => {
  if (e.altKey || e.ctrlKey || e.metaKey || e.defaultPrevented) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== 'checkbox', query = document.getElementById('query');
  if (typing) {
    if (e.key === 'Escape') e.target.blur();
    return;
  }
  if (document.getElementById('keys').open) return;
  const does = {'/': () => { query.focus(); query.select(); }, j: () => step(1), k: () => step(-1), o: () => go(address('overview')), s: () => go(address('search')), c: () => go(address('compare')), t: () => theme(true), '?': help}[e.key];
  if (does) { e.preventDefault(); does(); }
});
document.getElementById('find').addEventListener('submit', e => {
  e.preventDefault();
  const first = document.querySelector('.results a');
  if (first && route().view === 'search') first.focus();
  else go(address('search', {q: document.getElementById('query').value}));
});
let typed = 0;
document.getElementById('query').addEventListener('input', e => {
  clearTimeout(typed);
  typed = setTimeout(() => {
    const {view, params} = route(), q = e.target.value;
    if (view !== 'search') { go(address('search', {q})); return; }
    params.delete('q');
    settle(changed({q, most: null}));
  }, 120);
});
document.getElementById('theme').addEventListener('click', () => theme(true));
document.getElementById('help').addEventListener('click', help);
document.querySelector('.skip').addEventListener('click', e => { e.preventDefault(); document.getElementById('main').focus(); });
window.addEventListener('hashchange', () => draw());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(true));
let onScreen = null; // the colours while a page is printed: paper is light
window.addEventListener('beforeprint', () => {
  onScreen = document.documentElement.dataset.theme || '';
  document.documentElement.dataset.theme = 'light';
  if (drawn) { drawn.stop(); begin(); }
});
window.addEventListener('afterprint', () => {
  if (onScreen) document.documentElement.dataset.theme = onScreen;
  else delete document.documentElement.dataset.theme;
  if (drawn) { drawn.stop(); begin(); }
});
theme();
draw();
