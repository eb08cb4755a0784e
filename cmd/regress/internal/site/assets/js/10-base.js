// Elements, text and numbers. Whatever comes from data is text here and never markup: elements are
// made one by one, and nothing sets their source.

const known = new WeakSet();

// h returns an element. Attributes come from this program; an address is one of the page's own
// routes, or one that link has checked. A function is a listener.
function h(tag, attributes, ...children) {
  const svg = tag === 'svg' || tag === 'path';
  const out = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') out.addEventListener(name, value);
    else if (name === 'href' && !(String(value).startsWith('#') || known.has(Object(value)))) throw new Error('an address that nobody has checked');
    else if (name === 'value' || name === 'checked' || name === 'selected') out[name] = value;
    else out.setAttribute(name, value === true ? '' : String(value));
  }
  add(out, children);
  return out;
}

function add(to, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(to, child);
    else if (child !== null && child !== undefined && child !== false) to.append(child instanceof Node ? child : String(child));
  }
}

// external returns an address at the repository's own host, as h takes it; null where there is none.
function external(...path) {
  if (!data.index || !data.index.repository) return null;
  const out = new String(data.index.repository + '/' + path.map(encodeURIComponent).join('/'));
  known.add(out);
  return out;
}

const isCommit = text => /^[0-9a-f]{7,64}$/.test(text);

// plain returns text of a stranger as one line that shows what is in it: control characters, line
// breaks and overrides of direction become visible. The middle of what is longer than anybody means
// to read is left out.
function plain(text, most = 1000) {
  text = String(text).replace(/[\t\n\r\u2028\u2029]/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, '\uFFFD');
  if (text.length <= most) return text;
  const runes = Array.from(text);
  if (runes.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return runes.slice(0, most - 1 - tail).join('') + '…' + runes.slice(-tail).join('');
}

// name returns text of a stranger as an element of its own direction.
const name = (text, most) => h('bdi', null, plain(text, most));

const scales = {
  time: [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']],
  bytes: [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']],
  share: [[.01, '%']],
  '': [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']],
};

function three(x) {
  const a = Math.abs(x);
  if (a === 0) return '0';
  if (a >= .9995 && a < 9.995) return x.toFixed(2);
  if (a >= 9.995 && a < 99.95) return x.toFixed(1);
  if (a >= 99.95 && a < 1e6) return x.toFixed(0);
  return String(Number(x.toPrecision(3)));
}

// value writes v in its unit to three digits: "1.23 µs", "4.00 KiB", "1.2 M msg/s".
function value(v, unit) {
  const scale = scales[unit.kind] || scales[''];
  const step = scale.find(s => Math.abs(v) >= s[0] * .9995) || scale[scale.length - 1];
  return (three(v / step[0]) + ' ' + step[1]).trim() + beside(unit);
}

function beside(unit) {
  const cut = unit.name.indexOf('/');
  const above = cut < 0 ? unit.name : unit.name.slice(0, cut), below = cut < 0 ? '' : unit.name.slice(cut + 1);
  const per = below && below !== 'op' ? '/' + below : '';
  return plain(unit.kind ? per : ' ' + above + per, 60);
}

function percent(x) {
  x = Math.abs(x) * 100;
  if (x >= 9.95) return x.toFixed(0) + ' %';
  if (x >= .095) return x.toFixed(1).replace(/\.0$/, '') + ' %';
  if (x < 1e-6) return '0 %';
  return Number(x.toPrecision(1)) + ' %';
}

function points(x) {
  const out = (x * 100).toFixed(Math.abs(x) >= .9995 ? 0 : 1);
  if (/^-?[0.]+$/.test(out)) return '±0.0';
  return (x > 0 ? '+' : '') + out.replace('-', '−');
}

// relative writes a relative change: "+12.1 %", from tenfold on "12.3×".
const relative = x => x >= 10 ? three(x + 1) + '×' : points(x) + ' %';
const between = (lo, hi) => relative(lo).replace(/ %$/, '') + ' to ' + relative(hi);
const count = (n, what, plural) => n.toLocaleString('en') + ' ' + (n === 1 ? what : plural || what + 's');
const day = seconds => seconds ? new Date(seconds * 1000).toISOString().slice(0, 10) : '';
const minute = seconds => seconds ? new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC' : '';

// change writes how large a step is, with a word for the eye and one for the ear.
function change(c, unit, strong) {
  const sense = c.sense > 0 ? 'worse' : c.sense < 0 ? 'better' : '';
  const text = c.change !== null ? relative(c.change) : c.from === 0 ? '0 → ' + value(c.to, unit) : value(c.from, unit) + ' → 0';
  return h(strong ? 'strong' : 'span', {class: sense || null}, text, sense && h('span', {class: 'hidden'}, ' ' + sense));
}
const intervalOf = c => c.lo === null || c.lo === undefined ? '' : between(c.lo, c.hi);

// sparkline draws the digits that the index has of a course.
function sparkline(digits) {
  const xs = Array.from(digits, d => parseInt(d, 36));
  const step = xs.length > 1 ? 100 / (xs.length - 1) : 0;
  const d = xs.length === 1 ? 'M0 ' + (38 - xs[0]) + 'H100' : xs.map((y, i) => (i ? 'L' : 'M') + (i * step).toFixed(1) + ' ' + (38 - y)).join('');
  return h('svg', {class: 'spark', viewBox: '0 0 100 41', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, h('path', {d}));
}

// tableOf returns a table: columns are [title, class], and a row is an array of cells, of which the
// first is its heading.
function tableOf(columns, rows, attributes) {
  const body = h('tbody');
  for (const row of rows) body.append(h('tr', row.attributes, row.map((cell, i) => h(i ? 'td' : 'th', {scope: i ? null : 'row', class: columns[i][1] || null}, cell))));
  return h('table', attributes, attributes && attributes.caption && h('caption', null, attributes.caption),
    h('thead', null, h('tr', null, columns.map(c => h('th', {scope: 'col', class: c[1] || null}, c[0])))), body);
}

function buttons(label, options, chosen, pick) {
  return h('div', {class: 'group', role: 'group', 'aria-label': label},
    options.map(([key, text]) => h('button', {type: 'button', 'aria-pressed': String(key === chosen), click: () => pick(key)}, text)));
}

const say = text => { document.getElementById('say').textContent = text; };
