// The chart of one series: runs with their intervals, levels, and where they changed.

const colour = key => getComputedStyle(document.documentElement).getPropertyValue('--' + key).trim();

// chart draws into a place. o: points, unit, segments, changes, from and to (what is shown), zero,
// picked (indices), pick(index), hover(index), zoom(from, to).
function chart(place, o) {
  const n = o.points.length, xs = o.points.map((_, i) => i), ys = o.points.map(p => p.value);
  const lo = o.points.map(p => Math.max(0, p.value - p.half)), hi = o.points.map(p => p.value + p.half);
  const level = new Array(n).fill(null);
  for (const [a, b, v] of o.segments) for (let i = a; i < b; i++) level[i] = v;
  const steps = {worse: colour('worse'), better: colour('better'), soft: colour('soft'), line: colour('line'), ink: colour('ink'), link: colour('link')};
  const font = '12px ' + getComputedStyle(document.body).fontFamily;
  const axis = {stroke: steps.soft, font, grid: {stroke: steps.line, width: 1}, ticks: {show: false}};
  const range = () => {
    let a = Infinity, b = -Infinity;
    for (let i = o.from; i < o.to; i++) { a = Math.min(a, lo[i], ys[i]); b = Math.max(b, ys[i], Math.min(hi[i], ys[i] * 1.5)); }
    if (!(a < b)) { b = a + (Math.abs(a) || 1) * .05; a -= (Math.abs(a) || 1) * .05; }
    if (b - a < .05 * b) { const wider = (.05 * b - (b - a)) / 2; a -= wider; b += wider; } // noise must not look like a mountain
    const room = (b - a) * .08;
    return [o.zero ? 0 : Math.max(0, a - room), b + room * 1.6];
  };
  const plot = new uPlot({
    width: Math.max(240, place.clientWidth), height: height(place),
    legend: {show: false}, padding: [18, 14, 0, 4],
    scales: {x: {time: false, range: () => [o.from - .5, o.to - .5]}, y: {range}},
    cursor: {y: false, drag: {x: true, y: false, setScale: false}, points: {size: 9}},
    series: [{}, {stroke: 'transparent', points: {show: false}}, {stroke: 'transparent', points: {show: false}},
      {stroke: steps.line, width: 1, points: {show: true, size: n > 300 ? 3 : 5, fill: colour('dot'), stroke: colour('dot'), width: 0}},
      {stroke: colour('level'), width: 2, points: {show: false}, paths: uPlot.paths.stepped({align: 1})}],
    bands: [{series: [2, 1], fill: colour('band')}],
    axes: [
      {...axis, space: 90, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], values: (u, at) => at.map(i => o.points[i] ? day(o.points[i].time) : '')},
      {...axis, size: (u, values) => 18 + Math.max(0, ...(values || []).map(v => String(v).length)) * 7, values: (u, at) => at.map(v => o.write(v))},
    ],
    hooks: {
      draw: [u => marks(u, o, steps, font)],
      setCursor: [u => o.hover(u.cursor.idx)],
      setSelect: [u => {
        if (u.select.width < 12) return;
        const a = Math.max(0, Math.ceil(u.posToVal(u.select.left, 'x'))), b = Math.min(n, Math.floor(u.posToVal(u.select.left + u.select.width, 'x')) + 1);
        u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
        if (b - a > 1) o.zoom(a, b);
      }],
    },
  }, [xs, lo, hi, ys, level], place);
  plot.over.addEventListener('click', e => o.pick(plot.posToIdx(e.clientX - plot.over.getBoundingClientRect().left)));
  const watch = new ResizeObserver(() => plot.setSize({width: Math.max(240, place.clientWidth), height: height(place)}));
  watch.observe(place);
  return {plot, stop: () => { watch.disconnect(); plot.destroy(); },
    point: i => plot.setCursor({left: plot.valToPos(i, 'x'), top: plot.valToPos(ys[i], 'y')})};
}

const height = place => Math.round(Math.max(220, Math.min(window.innerHeight * .46, place.clientWidth * .42, 720)));

// marks draws change points with their sizes, and what was picked.
function marks(u, o, steps, font) {
  const c = u.ctx, ratio = uPlot.pxRatio || devicePixelRatio || 1;
  c.save();
  c.font = font.replace(/^12px/, 12 * ratio + 'px');
  c.textBaseline = 'bottom';
  let busy = -Infinity;
  for (const s of o.changes) {
    if (s.at < o.from || s.at >= o.to) continue;
    const x = Math.round(u.valToPos(s.at - .5, 'x', true));
    c.strokeStyle = c.fillStyle = s.sense > 0 ? steps.worse : s.sense < 0 ? steps.better : steps.soft;
    c.lineWidth = ratio;
    c.setLineDash([4 * ratio, 3 * ratio]);
    c.beginPath();
    c.moveTo(x, u.bbox.top);
    c.lineTo(x, u.bbox.top + u.bbox.height);
    c.stroke();
    const text = s.change === null ? '0 →' : relative(s.change), wide = c.measureText(text).width;
    const at = Math.min(Math.max(x - wide / 2, u.bbox.left), u.bbox.left + u.bbox.width - wide);
    if (at > busy) {
      c.fillText(text, at, u.bbox.top - 3 * ratio);
      busy = at + wide + 6 * ratio;
    }
  }
  c.setLineDash([]);
  c.lineWidth = 2 * ratio;
  for (const i of o.picked) {
    if (i < o.from || i >= o.to) continue;
    c.strokeStyle = steps.ink;
    c.beginPath();
    c.arc(u.valToPos(i, 'x', true), u.valToPos(o.points[i].value, 'y', true), 7 * ratio, 0, 7);
    c.stroke();
  }
  c.restore();
}
