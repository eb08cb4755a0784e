// Data come as scripts that call regressData: a page on a disk may not fetch.

const data = {projects: null, project: null, index: null};
const files = new Map(); // by path: what waits for it, then what it holds
const builds = new Map(); // by project: of which build its files are
let renewals = 0;

const sources = window.trustedTypes
  ? trustedTypes.createPolicy('regress', {createScriptURL: address => {
    if (/^data\/[a-z0-9/]+\.js(\?[0-9]+)?$/.test(address)) return address;
    throw new TypeError('not a file of data: ' + address);
  }})
  : {createScriptURL: address => address};

window.regressData = (path, build, value) => {
  const file = files.get(path);
  if (file && !file.arrived) file.arrived = {build, value};
};

// Renewed says that the data were written anew while the page was open.
class Renewed extends Error {}

function fetchFile(path) {
  if (files.has(path)) return files.get(path).promise;
  const file = {};
  file.promise = new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = sources.createScriptURL('data/' + path + '.js' + (renewals ? '?' + renewals : ''));
    script.onload = () => {
      script.remove();
      if (file.arrived) resolve(file.arrived);
      else reject(new Error('data/' + path + '.js holds no data: write the page again'));
    };
    script.onerror = () => {
      script.remove();
      files.delete(path);
      reject(new Error('data/' + path + '.js cannot be read: it is missing, or the server does not answer'));
    };
    document.head.append(script);
  });
  files.set(path, file);
  return file.promise;
}

// read returns a file of the present project; all files of a page are of one build.
async function read(what) {
  const id = data.project.id, arrived = await fetchFile(id + '/' + what);
  if (!builds.has(id)) builds.set(id, arrived.build);
  if (builds.get(id) !== arrived.build) throw new Renewed('the data were written anew');
  return arrived.value;
}

function forget() {
  files.clear();
  builds.clear();
  decoded.clear();
  data.projects = data.project = data.index = null;
  renewals = Date.now();
}

async function open(project) {
  if (!data.projects) data.projects = (await fetchFile('projects')).value;
  const found = project ? data.projects.find(p => p.name === project) : data.projects[0];
  if (!found) throw new Error(project ? 'There is no project ' + plain(project, 200) + ' here.' : 'The store has nothing to show yet: regress baseline update adds a run.');
  data.project = found;
  data.index = await read('index');
}

const worth = new Uint8Array(128);
Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').forEach((c, i) => { worth[c.charCodeAt(0)] = i; });

function unpack(p) {
  const out = new Float64Array(p.t.length / p.w);
  for (let i = 0, at = 0; i < out.length; i++) {
    let n = 0;
    for (let k = 0; k < p.w; k++) n = n * 64 + worth[p.t.charCodeAt(at++)];
    out[i] = Number((n * p.s).toPrecision(12));
  }
  return out;
}

// runs returns what points refer to, with times as they are.
const decoded = new Map();
async function runs() {
  const file = await read('runs');
  if (decoded.get('runs') !== file) {
    let t = 0;
    file.time = file.time.map(d => (t += d));
    decoded.set('runs', file);
  }
  return file;
}

function commitOf(file, i) {
  const c = file.commits[i];
  return {id: c[0], author: file.authors[c[1]], subject: c[2], time: c[3], pull: c[4], at: i};
}

function shardOf(pkg, name) { // FNV-1a, as the writer has it
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(pkg + '\n' + name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % data.index.shards;
}

// pointsOf returns one object a run of a series: {commit, time, environment, value, half}.
function pointsOf(series, file, of = series) {
  const values = unpack(of.v), halves = of.h ? unpack(of.h) : null, out = [];
  for (const [first, n] of series.runs) {
    for (let r = first; r < first + n; r++) {
      const i = out.length;
      out.push({commit: file.commit[r], time: file.time[r], environment: file.environment[r], value: values[i], half: halves ? halves[i] : 0});
    }
  }
  return out;
}

async function benchmark(pkg, benchName) {
  const shard = await read('s' + shardOf(pkg, benchName));
  return shard.series.filter(s => data.index.packages[s.p] === pkg && s.name === benchName);
}

// pull returns the number of the pull request that a subject names, as GitHub writes it when it
// squashes or merges; nothing where it names none.
function pull(subject) {
  const m = /\(#(\d{1,9})\)\s*$/.exec(subject) || /^Merge pull request #(\d{1,9}) /.exec(subject);
  return m ? m[1] : null;
}

// commitLink returns a commit as a link to where it can be read.
function commitLink(id) {
  const text = h('code', null, plain(isCommit(id) ? id.slice(0, 10) : id, 40));
  const to = isCommit(id) && external('commit', id);
  return to ? h('a', {href: to}, text) : text;
}
function pullLink(commit) {
  const n = commit.pull || pull(commit.subject), to = n && external('pull', n);
  return to ? h('a', {href: to}, '#' + n) : null;
}
function rangeLink(from, to) {
  const a = external('compare', from + '...' + to);
  return isCommit(from) && isCommit(to) && a ? h('a', {href: a}, 'the difference') : null;
}
