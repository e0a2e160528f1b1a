import type { EngineInfo } from "vkernel";
import { voronoiCells } from "vkernel/internal";
import { grouped, short } from "../../text.js";
import { type Html, html } from "../html.js";
import { renderPage } from "../page.js";
import { table } from "../parts.js";
import { cloud, curves, pathTile, pictureGrid, placeTile, type Series } from "../study/charts.js";
import { type Estimate, exactly, percent } from "../../../claims/estimate.js";
import { claimSection, earned, note, section, text, wide } from "../study/layout.js";
import { pm, share } from "../study/words.js";
import type { CaptureCurves, CapturePictures, PathPicture } from "../../../claims/cao2025/capture.js";
import { claimsOf } from "../../../claims/cao2025/claims.js";
import { settings } from "../../../claims/cao2025/settings.js";
import type { Pictures, Study } from "../../../claims/cao2025/study.js";

const line = (x: readonly number[], values: readonly number[]) =>
  x.map((place, i) => ({ x: place, y: exactly(values[i]) }));
const dots = (x: readonly number[], values: readonly Estimate[]) =>
  x.map((place, i) => ({ x: place, y: values[i] }));

function densities(study: Study): Html {
  const { densities: part, illPosed, sizes } = study;
  const panel = ({
    t,
    exact,
    reverse,
    cells,
    forwardParticles,
    reverseParticles,
  }: (typeof part.pictures)[number]): Html => {
    const top = Math.max(...exact) * 1.06;
    return html`<div><p class="quiet">t = ${t}</p>${curves(
      [
        { name: "exact law", look: 0, bars: false, points: line(part.x, exact) },
        { name: "equation (2.7)", look: 1, bars: false, points: line(part.x, reverse) },
        { name: "forward particles", look: 2, joined: false, points: dots(cells, forwardParticles) },
        { name: "reverse particles", look: 3, joined: false, points: dots(cells, reverseParticles) },
      ],
      {
        label: `Densities at t = ${t}`,
        x: { label: "x" },
        y: { label: "density", domain: [0, top] },
        width: 460,
        height: 260,
      },
    )}</div>`;
  };
  const { growthTimes, slowTimes } = settings;
  const at = (s: number) => illPosed.growth.filter((row) => row.s === s && row.k <= 16);
  const growth: Series[] = growthTimes.map((s, k) => ({
    name: `s = ${s}, measured`,
    look: k,
    joined: false,
    points: at(s)
      .filter((_, i) => i % 6 === 2)
      .map(({ k: wave, measured }) => ({ x: wave, y: exactly(measured) })),
  }));
  const theory: Series[] = growthTimes.map((s, k) => ({
    name: `s = ${s}, exp(k² (1 - e^(-2s)) / 2)`,
    look: k + 3,
    bars: false,
    points: at(s).map(({ k: wave, theory: value }) => ({ x: wave, y: exactly(value) })),
  }));
  const long = illPosed.slow.filter((row) => row.s === slowTimes[0]).map(({ k }) => k);
  const waves = [3, 7, 11, 15].map((j) => long[j]);
  const sorted = illPosed.densities.map(({ s, values }, k) => ({
    name: `s = ${s.toFixed(3)}`,
    look: k + 1,
    bars: false,
    points: line(illPosed.x, values),
  }));
  const reach = 2.2 * Math.max(...illPosed.exact);
  return section(
    "figure-3",
    "Figure 3: the reversal that is stable, and the one that is not",
    [
      text(
        `Three points at ${settings.line.points.join(", ")} of weights ${settings.line.weights.join(", ")} and width ${settings.line.width}. Lines: the exact law and the reverse equation on ${grouped(settings.cells)} cells, started at t = 2; marks: ${grouped(sizes.particles)} particles of the forward process and of the reverse one.`,
      ),
      html`<div class="two">${part.pictures.map(panel)}</div>`,
      wide(
        table(
          ["equation", "t", "total variation from the exact law", "mass - 1", "particles: chi-square p"],
          part.rows.map((row) => [
            { forward: "forward (2.1)", reverse: "reverse (2.7)", deterministic: "deterministic (2.8)" }[
              row.equation
            ],
            String(row.t),
            short(row.distance, 2),
            short(row.mass, 1),
            short(row.p, 2),
          ]),
        ),
      ),
      text(
        `The naive reversal (2.3) on ${settings.growthCells} cells: what each wave number has grown by, measured and in theory. Right: what it makes of p at T* = 2 (in the coordinates of the start), beside the law that it should reach.`,
      ),
      html`<div class="two">${curves([...growth, ...theory], {
        label: "Growth of wave numbers",
        x: { label: "wave number k" },
        y: { label: "growth", log: true, ticks: [1, 10, 100, 1e3, 1e4, 1e5, 1e6] },
        height: 320,
      })}${curves(
        [
          ...sorted,
          { name: "exact, at the last s", look: 0, bars: false, points: line(illPosed.x, illPosed.exact) },
        ],
        {
          label: "The naive reversal of the law at T*",
          x: { label: "x / scale" },
          y: { label: "density times scale", domain: [-0.4 * reach, reach] },
          height: 320,
        },
      )}</div>`,
      note(
        `Measured and theory part where cells are wide for the wave: against the growth that the grid itself should have, all agree to ${short(illPosed.worst, 1)}.${illPosed.stopped ? ` Rounding passes 1e150 at s = ${short(illPosed.stopped.s, 2)}.` : ""}`,
      ),
      text(
        `Long waves for long, on ${settings.slowCells} cells: the drift stretches them, and their growth ends, where that of the heat equation (2.9) read backward goes on.`,
      ),
      wide(
        table(
          ["k", ...slowTimes.flatMap((s) => [`s = ${s}: measured`, "theory", "exp(k² s)"])],
          waves.map((k) => [
            short(k, 3),
            ...slowTimes.flatMap((s) => {
              const row = illPosed.slow.find(
                (one) => one.s === s && one.k === k,
              ) as (typeof illPosed.slow)[number];
              return [short(row.measured, 5), short(row.onGrid, 5), short(row.brownian, 3)];
            }),
          ]),
        ),
      ),
      note("Theory and exp(k² s) with the wave number that the grid sees."),
    ],
    study.recipes["figure-3"],
  );
}

function pairs(study: Study): Html {
  const { pairs: part } = study;
  const { y, earlier, later, near } = settings.pair;
  return section(
    "figure-5",
    "Figure 5: the past of rho is the future of q",
    [
      text(
        `Where a path was at t = ${earlier} given X = ${y} at t = ${later}: forward pairs that pass within ${near} of it, and reverse paths that start there.`,
      ),
      html`<div class="two">${curves(
        [
          { name: "Theorem 1", look: 0, bars: false, points: line(part.x, part.theory) },
          ...part.rows.map(({ name, density }, k) => ({
            name,
            look: k + 1,
            joined: false,
            points: dots(part.x, density),
          })),
        ],
        { label: "Past given future", x: { label: "x" }, y: { label: "density" }, height: 320 },
      )}</div>`,
      wide(
        table(
          ["paths", "number", "chi-square p"],
          part.rows.map(({ name, count, p }) => [name, grouped(count), short(p, 2)]),
        ),
      ),
      note(
        `Bayes' rule and bridges, log densities at 200 places: they agree to ${short(part.bayes, 1)}.${earned(study, " Forward pairs pass near y, not through it, which their chi-square cannot tell at this number.")}`,
      ),
    ],
    study.recipes["figure-5"],
  );
}

function generated(study: Study): Html {
  const { generated: part } = study;
  return section(
    "figure-6",
    "Figure 6: what is generated",
    [
      text(
        "From N(0, 1) at T* instead of p at T*. Left: q(y, T*) over rho_0(y) for the three points with their width (Corollary 3.2). Right: how far it is from 1, and the total variation of the masses from the weights.",
      ),
      html`<div class="two">${curves(
        part.rows.map(({ horizon }, k) => ({
          name: `T* = ${horizon}`,
          bars: false,
          points: line(part.y, part.ratios[k] as number[]),
        })),
        {
          label: "Generated law over the data's",
          x: { label: "y" },
          y: { label: "q(y, T*) / rho_0(y)" },
          height: 300,
        },
      )}${curves(
        [
          {
            name: "largest |q / rho_0 - 1|",
            points: part.rows.map(({ horizon, pointwise }) => ({ x: horizon, y: exactly(pointwise) })),
          },
          {
            name: "total variation of masses",
            points: part.rows.map(({ horizon, totalVariation }) => ({
              x: horizon,
              y: exactly(totalVariation),
            })),
          },
        ],
        {
          label: "Distance from the data's law by horizon",
          x: { label: "T*" },
          y: { label: "distance", log: true, ticks: [1, 0.1, 0.01, 1e-3, 1e-4] },
          height: 300,
        },
      )}</div>`,
      wide(
        table(
          [
            "T*",
            ...settings.line.points.map((point) => `mass at ${point}, theory`),
            ...settings.line.points.map((point) => `at ${point}, sampled`),
            "total variation",
          ],
          part.rows.map((row) => [
            String(row.horizon),
            ...row.masses.map((mass) => short(mass, 5)),
            ...row.sampled.map((one) => pm(one)),
            short(row.totalVariation, 3),
          ]),
        ),
      ),
      note(
        `Samples: ${grouped(part.count)} of exact bridges in five steps. Weights: ${part.weights.join(", ")}.`,
      ),
    ],
    study.recipes["figure-6"],
  );
}

const rate = (curve: CaptureCurves): Series[] => [
  { name: "in the final cell, exactly", look: 0, bars: false, points: line(curve.times, curve.inCellExact) },
  { name: "reverse SDE", look: 1, points: thin(dots(curve.times, curve.inCell)) },
  ...(curve.settledExact
    ? [
        {
          name: "never to leave it again, exactly",
          look: 2,
          bars: false,
          points: line(curve.times, curve.settledExact),
        },
      ]
    : []),
  { name: "reverse SDE, at least", look: 3, points: thin(dots(curve.times, curve.low)) },
  { name: "seen to stay", look: 4, bars: false, points: dots(curve.times, curve.seen) },
  { name: "flow, in the final cell", look: 5, bars: false, points: dots(curve.times, curve.flowInCell) },
];

const thin = <T>(list: readonly T[]): T[] => list.filter((_, i) => i % 4 === 0);

/** The sides of the cells, cut to a square. */
function wallsOf(points: Float64Array, half: number): [number, number, number, number][] {
  const reach = 4 * half;
  return voronoiCells(points).flatMap((sides) =>
    sides.map(({ nx, ny, d, from, to }): [number, number, number, number] => {
      const at = (s: number): [number, number] => [nx * d - ny * s, ny * d + nx * s];
      return [...at(Math.max(from, -reach)), ...at(Math.min(to, reach))];
    }),
  );
}

function captured(study: Study, pictures: CapturePictures): Html {
  const { captured: part } = study;
  const hexagon = Float64Array.from({ length: 12 }, (_, i) => {
    const turn = (Math.floor(i / 2) * Math.PI) / 3;
    return i % 2 ? Math.sin(turn) : Math.cos(turn);
  });
  const half = 1.8;
  const pathsIn = ({ states, count, ends }: PathPicture, name: string): Html =>
    pathTile(
      Array.from({ length: count }, (_, k) => ({
        states: Float64Array.from(
          { length: states.length / count },
          (_, i) => states[(Math.floor(i / 2) * count + k) * 2 + (i % 2)],
        ),
        end: ends[k],
      })),
      {
        points: hexagon,
        walls: wallsOf(hexagon, half),
        half,
        label: `Paths of the ${name} over the Voronoi cells`,
      },
    );
  return section(
    "figure-10",
    "Figure 10: trapped in a Voronoi cell",
    [
      text(
        `Two shares are easily taken for one another: of the paths that are in the cell of the point that they end on, and of those that never leave it again. Six points on a circle, ${grouped(part.count)} paths from p at t = ${settings.captureTimes[0]}.`,
      ),
      wide(
        table(
          ["", ...part.rows.map(({ t }) => `t = ${t}`)],
          [
            ["in the final cell: exactly", ...part.rows.map(({ inCell }) => short(inCell.exact, 6))],
            ["reverse SDE", ...part.rows.map(({ inCell }) => pm(inCell.sde))],
            ["flow", ...part.rows.map(({ inCell }) => pm(inCell.ode))],
            ["never to leave it again: exactly", ...part.rows.map(({ settled }) => short(settled.exact, 6))],
            ["reverse SDE, at least", ...part.rows.map(({ settled }) => pm(settled.low))],
            ["reverse SDE, at most", ...part.rows.map(({ settled }) => pm(settled.high))],
            ["seen to stay", ...part.rows.map(({ settled }) => pm(settled.seen))],
            ["the same, extrapolated", ...part.rows.map(({ settled }) => pm(settled.extrapolated))],
            ["flow", ...part.rows.map(({ settled }) => pm(settled.ode))],
          ],
        ),
      ),
      note(
        "Exact: the mass of N(mu, S / alpha²) in the cell of mu, by Owen's T; and, since x / alpha is Brownian motion in S / alpha² seen backwards, its survival in the cell by the reflection principle. Reverse SDE: exact bridge steps. Bounds: what bridges between recorded states may do unseen (capture with unseen). Extrapolated: what three records of the same paths see, in the root of the step and the step.",
      ),
      text(
        "How much of the second share is an artefact of the record, by the steps between two of the four times; records of the same paths:",
      ),
      wide(
        table(
          ["", ...part.recordings.map(({ steps }) => `${steps} ${steps === 1 ? "step" : "steps"}`)],
          settings.captureTimes
            .slice(0, 3)
            .flatMap((t, i) =>
              (["seen", "low", "high"] as const).map((kind) => [
                `t = ${t}, ${{ seen: "seen to stay", low: "at least", high: "at most" }[kind]}`,
                ...part.recordings.map((one) => pm(one[kind][i])),
              ]),
            ),
        ),
      ),
      html`<div class="two">${part.curves.map(
        (curve) =>
          html`<div><p class="quiet">${curve.set}</p>${curves(rate(curve), {
            label: `Shares captured, ${curve.set}`,
            x: { label: "t", log: true, reverse: true, ticks: [1, 0.1, 0.01, 0.001] },
            y: { label: "share of paths", domain: [0, 1.03] },
            height: 320,
          })}</div>`,
      )}</div>`,
      text(
        "Nine paths on the hexagon from t = 0.6, as x / alpha, in the colour of the point that they end on.",
      ),
      pictureGrid(
        ["reverse SDE", "flow"],
        [
          {
            name: "paths",
            pictures: [pathsIn(pictures.paths.sde, "reverse SDE"), pathsIn(pictures.paths.flow, "flow")],
          },
        ],
      ),
      text(
        "Without symmetry the flow's basins are not the cells. Starts x / alpha in the colour of the point that they end on.",
      ),
      pictureGrid(
        ["cells", ...settings.basinTimes.map((t) => `t = ${t}`)],
        [
          {
            name: "flow",
            pictures: [pictures.cells, ...pictures.flow].map((index, k) => tile(index, k, "flow")),
          },
          {
            name: "reverse SDE",
            pictures: [pictures.cells, ...pictures.sde].map((index, k) => tile(index, k, "reverse SDE")),
          },
        ],
      ),
      wide(
        table(
          ["t", "flow: not on the nearest point", "reverse SDE"],
          part.basins.map(({ t, flow, sde }) => [
            String(t),
            `${(100 * flow).toFixed(1)}%`,
            `${(100 * sde).toFixed(1)}%`,
          ]),
        ),
      ),
      text(
        `From N(0, I) at T* = ${part.horizon} the shares are others: the integral over the start and its bridges, beside samples of exact bridges and of Euler-Maruyama with 200 steps between two times.`,
      ),
      wide(
        table(
          ["t", "in the final cell: exact", "exact bridges", "Euler-Maruyama"],
          part.started.map(({ t, exact, measured, maruyama }) => [
            String(t),
            short(exact, 6),
            pm(measured),
            pm(maruyama),
          ]),
        ),
      ),
    ],
    study.recipes["figure-10"],
  );

  function tile(index: Int32Array, k: number, name: string): Html {
    const t = k === 0 ? "cells" : `t = ${settings.basinTimes[k - 1]}`;
    return placeTile(index, pictures.side, {
      points: pictures.points,
      half: pictures.half,
      label: `${name}, ${t}`,
    });
  }
}

function schemes(study: Study): Html {
  const { schemes: part } = study;
  const names = [...new Set(part.rows.map(({ scheme }) => scheme))];
  const chart = (grid: "log" | "uniform"): Html =>
    html`<div><p class="quiet">${grid === "log" ? "steps uniform in log sigma" : "steps uniform in t"}</p>${curves(
      [
        ...names.map((scheme) => ({
          name: scheme,
          points: part.rows
            .filter((row) => row.scheme === scheme && row.grid === grid)
            .map((row) => ({ x: row.steps, y: row.distance })),
        })),
        {
          name: "as many exact draws",
          look: 5,
          bars: false,
          points: study.sizes.schemeSteps.map((steps) => ({ x: steps, y: exactly(part.floor.value) })),
        },
      ],
      {
        label: `Distance to the exact law by steps, ${grid}`,
        x: { label: "steps", log: true, ticks: [...study.sizes.schemeSteps] },
        y: { label: "Wasserstein distance", log: true, ticks: [1, 0.1, 0.01, 0.001] },
        height: 330,
      },
    )}</div>`;
  const shown = study.sizes.schemeSteps;
  return section(
    "schemes",
    "Schemes: how many steps (Sec. 4.3)",
    [
      text(
        `The three points, from p at t = ${settings.schemes.tMax} to p at t = ${settings.schemes.epsilon}, ${grouped(part.count)} particles: the distance from the exact law, by steps.`,
      ),
      html`<div class="two">${chart("log")}${chart("uniform")}</div>`,
      wide(
        table(
          ["scheme", "quantity", ...shown.map((steps) => `${steps} steps`)],
          names.flatMap((scheme) => {
            const rows = shown.map((steps) =>
              part.rows.find((row) => row.scheme === scheme && row.grid === "log" && row.steps === steps),
            ) as (typeof part.rows)[number][];
            return [
              [scheme, "distance", ...rows.map((row) => pm(row.distance))],
              ["", "width over exact", ...rows.map((row) => pm(row.width))],
              ["", "mass, largest error", ...rows.map((row) => pm(row.mass))],
            ];
          }),
        ),
      ),
      note(
        `Steps uniform in log sigma. As many exact draws are ${short(part.floor.value, 2)} away. Width: root mean square distance to the nearest point. Mass: of the point whose share is most off.`,
      ),
      wide(
        table(
          ["one point: scheme", "steps", "variance over exact"],
          part.single.map(({ scheme, steps, variance }) => [scheme, String(steps), pm(variance)]),
        ),
      ),
    ],
    study.recipes.schemes,
  );
}

function identities(study: Study): Html {
  const { identities: part } = study;
  return section("loss", "The loss that stays, and the predictor inside the cells (Sec. 4.4, 4.5)", [
    text(
      "Total loss less that of the flow for half of the right predictor, on the hexagon; beside c² E tr Var(X_0 | X_t), which it is for any predictor, and what (4.29) prints.",
    ),
    wide(
      table(
        ["t", "total - flow", "c² E tr Var(X_0 | X_t)", "tr Var[c x0-bar(X_t)], as printed"],
        part.loss.map((row) => [String(row.t), pm(row.difference), pm(row.conditional), pm(row.printed)]),
      ),
    ),
    text(
      "How near E[X_0 | X_t] is to the nearest point, under p_t. By quadrature: at small t what is not near is a band around the walls that no sample meets.",
    ),
    wide(
      table(
        ["t", "within 0.01", "mean distance"],
        part.inside.map((row) => [String(row.t), `1 - ${short(1 - row.within, 3)}`, short(row.distance, 5)]),
      ),
    ),
  ]);
}

function practical(study: Study, pictures: ReadonlyMap<string, Float64Array>): Html {
  const { networks, threshold, count } = study.practical;
  const nets = networks.filter(({ steps }) => steps !== null);
  const times = study.sizes.compareTimes;
  const log = { label: "t", log: true, reverse: true, ticks: [1, 0.1, 0.01] } as const;
  const hexagon = Array.from({ length: 6 }, (_, k) => [
    Math.cos((k * Math.PI) / 3),
    Math.sin((k * Math.PI) / 3),
  ]).flat();
  return section(
    "practical",
    "Where a practical flow departs (Sec. 5)",
    [
      text(
        `Networks of two hidden layers of ${settings.network.widths[0]} units on the hexagon, trained by denoising; beside the exact score. Left: the root mean square of the predictions' difference at p_t and on the network's own paths. Right: the share of paths farther than ${short(threshold, 2)} from the exact one of the same start.`,
      ),
      html`<div class="two">${curves(
        nets.flatMap(({ name, rows }, k) => [
          {
            name: `${name}, at p_t`,
            look: 2 * k,
            points: rows.map(({ t, marginal }) => ({ x: t, y: marginal })),
          },
          {
            name: `${name}, on its paths`,
            look: 2 * k + 1,
            points: rows.map(({ t, along }) => ({ x: t, y: along })),
          },
        ]),
        {
          label: "Difference of predictions by t",
          x: log,
          y: { label: "root mean square", log: true, ticks: [1, 0.3, 0.1, 0.03, 0.01] },
          height: 310,
        },
      )}${curves(
        nets.map(({ name, rows }, k) => ({
          name,
          look: 2 * k,
          points: rows.map(({ t, departed }) => ({ x: t, y: departed })),
        })),
        { label: "Share departed by t", x: log, y: { label: "departed", domain: [0, 1.03] }, height: 310 },
      )}</div>`,
      pictureGrid(
        networks.map(({ name }) => name),
        [
          {
            name: "samples",
            pictures: networks.map(({ name }, k) =>
              cloud(hexagon, pictures.get(name) ?? [], { half: 1.6, label: `${name}, samples`, color: k }),
            ),
          },
        ],
      ),
      wide(
        table(
          [
            "score",
            "farther than 0.1 from all points",
            `the same of ${study.sizes.networks} seeds`,
            "copies",
            "departed ever",
            "half of those by t",
            "ends elsewhere",
          ],
          networks.map((row) => [
            row.name,
            share(row.fresh, count),
            row.steps === null
              ? ""
              : html`${pm({ value: 100 * row.seeds.fresh.value, standardError: 100 * row.seeds.fresh.standardError })}% (${percent(row.seeds.least)} to ${percent(row.seeds.most)})`,
            share(row.copies, count),
            share(row.departed, count),
            row.departure === null ? "" : short(row.departure, 2),
            share(row.elsewhere, count),
          ]),
        ),
      ),
      text(
        "The smoothing of the exact score (a box) that each network is most like, and what that leaves of the difference:",
      ),
      wide(
        table(
          ["score", ...times.map((t) => `t = ${t}`)],
          nets.flatMap(({ name, rows }) => [
            [
              `${name}: half width`,
              ...rows.map(({ width, widthError }) =>
                width === null
                  ? "none"
                  : widthError === null
                    ? short(width, 2)
                    : pm({ value: width, standardError: widthError }),
              ),
            ],
            [
              "left",
              ...rows.map(({ unexplained }) =>
                pm({ value: 100 * unexplained.value, standardError: 100 * unexplained.standardError }),
              ),
            ],
          ]),
        ),
      ),
      note(
        `${grouped(count)} draws and paths. Left: in percent of the mean square difference; 100: no smoothing is nearer than the exact score.`,
      ),
    ],
    study.recipes.practical,
  );
}

/** The report as one HTML page. */
export function renderPde(
  study: Study,
  pictures: Pictures,
  about: { command: string; engine: EngineInfo; milliseconds: number },
): string {
  const quick = study.quick
    ? " This is the quick run: small numbers of everything, for a look, without verdicts."
    : "";
  return renderPage({
    title: "Diffusion models from a PDE perspective",
    lead: `What the paper of this name (Cao et al. 2025) draws and claims, computed: equations on grids beside particles, what is generated, when paths are captured, how many steps a scheme takes, where a trained flow departs. Numbers that are sampled come with their standard error.${quick}`,
    command: about.command,
    engine: about.engine,
    source: "built into vkernel",
    sections: [
      claimSection("cao", study, claimsOf(study)),
      densities(study),
      pairs(study),
      generated(study),
      captured(study, pictures.captured),
      schemes(study),
      identities(study),
      practical(study, pictures.practical),
      section("data", "All numbers", [
        text(
          `The command above writes them as JSON beside this page; it took ${(about.milliseconds / 1000).toFixed(0)} s. The same seed gives the same numbers on any number of threads.`,
        ),
      ]),
    ],
  });
}
