// First, since modules are run in the order of their imports.
import './language.js';
import uPlot from './uplot.js';

/**
 * Draws the charts that a page describes in `data-charts`. Colours come from the page's own tokens; every series has a pattern of its
 * own too, so that the charts are read without colour. The same numbers stand in a table beside them.
 *
 * @typedef {{ name: string, values: (number | null)[] }} Series
 * @typedef {{ times: number[], spanSeconds: number, answers: Series[], durations: Series[], deadline: Series }} Charts
 */

const height = 220;
const dashes = [[], [8, 4], [2, 3]];
const locale = document.documentElement.dataset.locale;
/** @type {uPlot[]} */
let drawn = [];

export function startCharts() {
  drawCharts();
  document.addEventListener('fragment', drawCharts);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawCharts);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    for (const chart of drawn) chart.setSize({ width: chart.root.parentElement?.clientWidth ?? 300, height });
  });
}

function drawCharts() {
  for (const chart of drawn) chart.destroy();
  drawn = [];
  const container = document.querySelector('[data-charts]');
  if (!(container instanceof HTMLElement)) return;
  container.hidden = false;
  const charts = /** @type {Charts} */ (JSON.parse(container.dataset.charts ?? ''));
  const timeZone = container.dataset.timeZone ?? 'UTC';
  draw(container, 'answers', answersOf(charts), timeZone, charts.spanSeconds);
  draw(container, 'durations', durationsOf(charts), timeZone, charts.spanSeconds);
}

/** Stacked bars: what lies on top carries the sum of what is below. @param {Charts} charts */
function answersOf({ times, answers }) {
  const sums = times.map(() => 0);
  const stacked = answers.map(({ values }) => values.map((value, index) => (sums[index] += value ?? 0)));
  const bars = uPlot.paths.bars?.({ size: [0.8, 60] });
  const fills = [
    (/** @type {uPlot} */ { ctx }) => hatched(ctx, 'none', '--good'),
    (/** @type {uPlot} */ { ctx }) => hatched(ctx, 'lines', '--text-soft'),
    (/** @type {uPlot} */ { ctx }) => hatched(ctx, 'dots', '--bad'),
  ];
  const colours = ['--good', '--text-soft', '--bad'];
  const series = answers.map(({ name, values }, index) => ({
    label: name,
    read: values,
    stroke: token(colours[index] ?? '--text'),
    fill: fills[index],
    width: 1,
    paths: bars,
    points: { show: false },
  }));
  // The highest is drawn first, so that the lower ones lie before it.
  return { data: [times, ...stacked.toReversed()], series: series.toReversed(), unit: '' };
}

/** @param {Charts} charts */
function durationsOf({ times, durations, deadline }) {
  const series = [
    ...durations.map(({ name, values }, index) => ({
      label: name,
      read: values,
      stroke: token('--accent'),
      width: 2,
      dash: dashes[index],
      points: { show: true, size: 5 },
    })),
    {
      label: deadline.name,
      read: deadline.values,
      stroke: token('--bad'),
      width: 2,
      dash: [12, 4, 2, 4],
      points: { show: false },
    },
  ];
  return { data: [times, ...durations.map(({ values }) => values), deadline.values], series, unit: ' ms' };
}

/**
 * @param {HTMLElement} container
 * @param {string} name
 * @param {{ data: (number | null)[][], series: (uPlot.Series & { read: (number | null)[] })[], unit: string }} chart
 * @param {string} timeZone
 * @param {number} spanSeconds
 */
function draw(container, name, { data, series, unit }, timeZone, spanSeconds) {
  const place = container.querySelector(`[data-chart="${name}"]`);
  const reading = place?.parentElement?.querySelector('[data-reading]');
  if (!(place instanceof HTMLElement) || !reading) return;
  const axis = {
    stroke: token('--text-soft'),
    grid: { stroke: token('--line'), width: 1 },
    ticks: { stroke: token('--line') },
  };
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short', timeZone });
  const tick = new Intl.DateTimeFormat(locale, {
    ...(spanSeconds > 3_600 && { weekday: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const inOrder = name === 'answers' ? series.toReversed() : series;
  drawn.push(
    new uPlot(
      {
        width: place.clientWidth,
        height,
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
        scales: {
          x: { range: (_, min, max) => [min - spanSeconds / 2, max + spanSeconds / 2] },
          y: { range: (_, _min, max) => [0, Math.max(max * 1.1, 1)] },
        },
        axes: [
          { ...axis, values: (_, seconds) => seconds.map((value) => tick.format(value * 1_000)) },
          { ...axis, size: 60, values: (_, values) => values.map((value) => number.format(value)) },
        ],
        series: [{}, ...series],
        hooks: {
          setCursor: [
            ({ cursor: { idx } }) => {
              const at = idx === null || idx === undefined ? undefined : data[0]?.[idx];
              reading.textContent =
                at === undefined || at === null
                  ? ''
                  : [
                      time.format(at * 1_000),
                      ...inOrder.map(({ label, read }) => {
                        const value = read[idx ?? 0];
                        return `${String(label)} ${value === null || value === undefined ? '–' : number.format(value) + unit}`;
                      }),
                    ].join(' · ');
            },
          ],
        },
      },
      /** @type {uPlot.AlignedData} */ (data),
      place,
    ),
  );
}

/** @param {string} name */
function token(name) {
  // A colour by `light-dark()` has to be used by an element before it is one colour.
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {'none' | 'lines' | 'dots'} pattern
 * @param {string} name
 */
function hatched(context, pattern, name) {
  const colour = token(name);
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const brush = tile.getContext('2d');
  if (!brush) return colour;
  brush.fillStyle = token('--surface');
  brush.fillRect(0, 0, 8, 8);
  brush.fillStyle = brush.strokeStyle = colour;
  if (pattern === 'none') brush.fillRect(0, 0, 8, 8);
  else if (pattern === 'dots') brush.fillRect(1, 1, 4, 4);
  else {
    brush.lineWidth = 2;
    brush.beginPath();
    for (const offset of [-8, 0, 8]) {
      brush.moveTo(offset, 8);
      brush.lineTo(offset + 8, 0);
    }
    brush.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? colour;
}
