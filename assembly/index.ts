// The whole ABI: every exported kernel, one line each. out first, then sizes; pointers are bytes.
// A kernel allocates nothing, checks nothing and never throws; `src/` has checked before.
// Kernels of `learn/` and `pde/` begin with the first and the count of the tasks they are to do.
// assembly/README.md decodes the names.
import { mlpAdam, mlpForward, mlpGradient } from "./learn/mlp";
import { covariance } from "./mixture/covariance";
import { posterior } from "./mixture/lanes";
import { frameSums } from "./mixture/frame/sums";
import { latticeDeposit } from "./mixture/lattice/deposit";
import { colour, spreadRows } from "./mixture/spread";
import { average, averageDistance, distances, drawRows, normalise, relativeWeights } from "./mixture/tiles";
import { treeLeaves } from "./mixture/tree/leaves";
import { treePosterior } from "./mixture/tree/sums";
import { normals } from "./random/normal";
import { philox } from "./random/philox";
import { colourField } from "./raster/colours";
import { splat } from "./raster/splat";
import { exp2, exp2Table } from "./simd/exp2";
import { affine } from "./step/affine";
import { errorNorm, slope, stage } from "./step/dormandPrince";
import { linear } from "./step/linear";
export { choleskyBlock, choleskyRows, solveStrips } from "./learn/cholesky";
export { qlSweeps, rotateStrips, tridiagonalColumns } from "./learn/eigen";
export { fourier, polynomial, rbf } from "./learn/features";
export { ntkDiagonal, ntkPrepare, ntkTiles, ntkZonal } from "./learn/ntk";
export { mirror, multiplyStrips, packStrips } from "./learn/products";
export { latticeFilter } from "./mixture/lattice/filter";
export { treeNodes } from "./mixture/tree/nodes";
export { logDensityTiles } from "./pde/density";
export { diffuseStrips } from "./pde/diffuse";
export { transportStrips } from "./pde/transport";
export { uniforms } from "./random/philox";
export { colourCounts } from "./raster/colours";
export { sumCounts } from "./raster/splat";

// prettier-ignore
export function posteriorF32Lanes1(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f32, u8>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function posteriorF32Lanes2(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f32, u16>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function posteriorF32Lanes3(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f32, u32>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function distancesF32(d2: u32, d2Stride: u32, x: u32, xStride: u32, points: u32, n: u32, rows: u32, width: u32): void { distances<f32>(d2, d2Stride, x, xStride, points, n, rows, width); }
export function relativeWeightsF32(w: u32, stats: u32, table: u32, d2: u32, d2Stride: u32, k: u32, kStride: u32, lw: u32, n: u32, M: u32, full: u32): void { relativeWeights<f32>(w, stats, table, d2, d2Stride, k, kStride, lw, n, M, full); }
export function averageF32(out: u32, outStride: u32, total: u32, w: u32, wStride: u32, stats: u32, values: u32, n: u32, M: u32, width: u32, D: u32, first: u32, last: u32): void { average<f32>(out, outStride, total, w, wStride, stats, values, n, M, width, D, first, last); }
export function averageDistanceF32(out: u32, d2: u32, w: u32, stride: u32, stats: u32, n: u32, M: u32): void { averageDistance<f32>(out, d2, w, stride, stats, n, M); }
export function covarianceF32(cov: u32, panels: u32, mean: u32, w: u32, stats: u32, points: u32, M: u32, D: u32, width: u32, first: u32, last: u32): void { covariance<f32>(cov, panels, mean, w, stats, points, M, D, width, first, last); }
export function normaliseF32(out: u32, w: u32, wStride: u32, stats: u32, n: u32, M: u32): void { normalise<f32>(out, w, wStride, stats, n, M); }
export function drawRowsF32(out: u32, outStride: u32, uniforms: u32, draws: u32, w: u32, wStride: u32, stats: u32, points: u32, n: u32, M: u32, width: u32, first: u32, last: u32): void { drawRows<f32>(out, outStride, uniforms, draws, w, wStride, stats, points, n, M, width, first, last); }
export function normalsF32(out: u32, dim: u32, stride: u32, n: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, scratch: u32): void { normals<f32>(out, dim, stride, n, particle, step, stream, seedLow, seedHigh, scratch); }
export function affineF32(out: u32, count: u32, terms: u32, x1: u32, a1: f64, x2: u32, a2: f64, x3: u32, a3: f64, x4: u32, a4: f64): void { affine<f32>(out, count, terms, x1, a1, x2, a2, x3, a3, x4, a4); }
export function colourF32(out: u32, z: u32, stride: u32, cov: u32, packed: u32, scratch: u32, n: u32, D: u32): void { colour<f32>(out, z, stride, cov, packed, scratch, n, D); }
export function spreadRowsF32(out: u32, outStride: u32, mean: u32, w: u32, wStride: u32, stats: u32, points: u32, n: u32, M: u32, D: u32, width: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, numbers: u32, sums: u32, words: u32, first: u32, last: u32): void { spreadRows<f32>(out, outStride, mean, w, wStride, stats, points, n, M, D, width, particle, step, stream, seedLow, seedHigh, numbers, sums, words, first, last); }
export function linearF32(out: u32, x: u32, columns: u32, sums: u32, n: u32, D: u32, width: u32): void { linear<f32>(out, x, columns, sums, n, D, width); }
export function slopeF32(out: u32, g: u32, y: u32, mean: u32, count: u32): void { slope<f32>(out, g, y, mean, count); }
export function stageF32(out: u32, y: u32, h: u32, slopes: u32, stride: u32, a: u32, terms: u32, count: u32): void { stage<f32>(out, y, h, slopes, stride, a, terms, count); }
export function errorNormF32(out: u32, y: u32, yNew: u32, h: u32, slopes: u32, stride: u32, e: u32, terms: u32, extra: u32, atol: f64, rtol: f64, n: u32, D: u32, width: u32): void { errorNorm<f32>(out, y, yNew, h, slopes, stride, e, terms, extra, atol, rtol, n, D, width); }
export function exp2F32(out: u32, x: u32, count: u32, table: u32): void { exp2Table<f32>(table); for (let o: u32 = 0; o < count * sizeof<f32>(); o += 16) v128.store(out + o, exp2<f32>(v128.load(x + o), table)); }
export function posteriorF64Lanes1(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f64, u8>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function posteriorF64Lanes2(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f64, u16>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function posteriorF64Lanes3(out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32, y: u32, k: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32): void { posterior<f64, u32>(out, stats, cov, weights, draw, uniforms, draws, scratch, y, k, kStride, points, lw, n, M); }
export function distancesF64(d2: u32, d2Stride: u32, x: u32, xStride: u32, points: u32, n: u32, rows: u32, width: u32): void { distances<f64>(d2, d2Stride, x, xStride, points, n, rows, width); }
export function relativeWeightsF64(w: u32, stats: u32, table: u32, d2: u32, d2Stride: u32, k: u32, kStride: u32, lw: u32, n: u32, M: u32, full: u32): void { relativeWeights<f64>(w, stats, table, d2, d2Stride, k, kStride, lw, n, M, full); }
export function averageF64(out: u32, outStride: u32, total: u32, w: u32, wStride: u32, stats: u32, values: u32, n: u32, M: u32, width: u32, D: u32, first: u32, last: u32): void { average<f64>(out, outStride, total, w, wStride, stats, values, n, M, width, D, first, last); }
export function averageDistanceF64(out: u32, d2: u32, w: u32, stride: u32, stats: u32, n: u32, M: u32): void { averageDistance<f64>(out, d2, w, stride, stats, n, M); }
export function covarianceF64(cov: u32, panels: u32, mean: u32, w: u32, stats: u32, points: u32, M: u32, D: u32, width: u32, first: u32, last: u32): void { covariance<f64>(cov, panels, mean, w, stats, points, M, D, width, first, last); }
export function normaliseF64(out: u32, w: u32, wStride: u32, stats: u32, n: u32, M: u32): void { normalise<f64>(out, w, wStride, stats, n, M); }
export function drawRowsF64(out: u32, outStride: u32, uniforms: u32, draws: u32, w: u32, wStride: u32, stats: u32, points: u32, n: u32, M: u32, width: u32, first: u32, last: u32): void { drawRows<f64>(out, outStride, uniforms, draws, w, wStride, stats, points, n, M, width, first, last); }
export function normalsF64(out: u32, dim: u32, stride: u32, n: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, scratch: u32): void { normals<f64>(out, dim, stride, n, particle, step, stream, seedLow, seedHigh, scratch); }
export function affineF64(out: u32, count: u32, terms: u32, x1: u32, a1: f64, x2: u32, a2: f64, x3: u32, a3: f64, x4: u32, a4: f64): void { affine<f64>(out, count, terms, x1, a1, x2, a2, x3, a3, x4, a4); }
export function colourF64(out: u32, z: u32, stride: u32, cov: u32, packed: u32, scratch: u32, n: u32, D: u32): void { colour<f64>(out, z, stride, cov, packed, scratch, n, D); }
export function spreadRowsF64(out: u32, outStride: u32, mean: u32, w: u32, wStride: u32, stats: u32, points: u32, n: u32, M: u32, D: u32, width: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, numbers: u32, sums: u32, words: u32, first: u32, last: u32): void { spreadRows<f64>(out, outStride, mean, w, wStride, stats, points, n, M, D, width, particle, step, stream, seedLow, seedHigh, numbers, sums, words, first, last); }
export function linearF64(out: u32, x: u32, columns: u32, sums: u32, n: u32, D: u32, width: u32): void { linear<f64>(out, x, columns, sums, n, D, width); }
export function slopeF64(out: u32, g: u32, y: u32, mean: u32, count: u32): void { slope<f64>(out, g, y, mean, count); }
export function stageF64(out: u32, y: u32, h: u32, slopes: u32, stride: u32, a: u32, terms: u32, count: u32): void { stage<f64>(out, y, h, slopes, stride, a, terms, count); }
export function errorNormF64(out: u32, y: u32, yNew: u32, h: u32, slopes: u32, stride: u32, e: u32, terms: u32, extra: u32, atol: f64, rtol: f64, n: u32, D: u32, width: u32): void { errorNorm<f64>(out, y, yNew, h, slopes, stride, e, terms, extra, atol, rtol, n, D, width); }
export function exp2F64(out: u32, x: u32, count: u32, table: u32): void { exp2Table<f64>(table); for (let o: u32 = 0; o < count * sizeof<f64>(); o += 16) v128.store(out + o, exp2<f64>(v128.load(x + o), table)); }
export function philoxBlock(out: u32, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void { philox(out, c0, c1, c2, c3, k0, k1); }
export function mlpForwardF32(first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, outputs: u32, rows: u32, activation: u32, from: u32, to: u32): void { mlpForward<f32>(first, count, scratch, params, shape, layers, units, inputs, outputs, rows, activation, from, to); }
export function mlpGradientF32(first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, targets: u32, weights: u32, gradients: u32, size: u32, losses: u32, rows: u32, activation: u32, from: u32, to: u32): void { mlpGradient<f32>(first, count, scratch, params, shape, layers, units, inputs, targets, weights, gradients, size, losses, rows, activation, from, to); }
export function mlpAdamF32(first: u32, count: u32, params: u32, moments: u32, squares: u32, gradients: u32, size: u32, chunks: u32, rate: f64, beta1: f64, beta2: f64, c1: f64, c2: f64, epsilon: f64, coupled: f64, decoupled: f64): void { mlpAdam<f32>(first, count, params, moments, squares, gradients, size, chunks, rate, beta1, beta2, c1, c2, epsilon, coupled, decoupled); }
export function mlpForwardF64(first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, outputs: u32, rows: u32, activation: u32, from: u32, to: u32): void { mlpForward<f64>(first, count, scratch, params, shape, layers, units, inputs, outputs, rows, activation, from, to); }
export function mlpGradientF64(first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, targets: u32, weights: u32, gradients: u32, size: u32, losses: u32, rows: u32, activation: u32, from: u32, to: u32): void { mlpGradient<f64>(first, count, scratch, params, shape, layers, units, inputs, targets, weights, gradients, size, losses, rows, activation, from, to); }
export function mlpAdamF64(first: u32, count: u32, params: u32, moments: u32, squares: u32, gradients: u32, size: u32, chunks: u32, rate: f64, beta1: f64, beta2: f64, c1: f64, c2: f64, epsilon: f64, coupled: f64, decoupled: f64): void { mlpAdam<f64>(first, count, params, moments, squares, gradients, size, chunks, rate, beta1, beta2, c1, c2, epsilon, coupled, decoupled); }
export function colourFieldF32(first: u32, tasks: u32, out: u32, values: u32, width: u32, table: u32, levels: u32): void { colourField<f32>(first, tasks, out, values, width, table, levels); }
export function splatF32(first: u32, tasks: u32, counts: u32, countsStride: u32, slices: u32, width: u32, height: u32, rows: u32, n: u32, stride: u32, xOffset: u32, yOffset: u32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, part: u32, parts: u32): void { splat<f32>(first, tasks, counts, countsStride, slices, width, height, rows, n, stride, xOffset, yOffset, a, b, c, d, e, f, part, parts); }
export function colourFieldF64(first: u32, tasks: u32, out: u32, values: u32, width: u32, table: u32, levels: u32): void { colourField<f64>(first, tasks, out, values, width, table, levels); }
export function splatF64(first: u32, tasks: u32, counts: u32, countsStride: u32, slices: u32, width: u32, height: u32, rows: u32, n: u32, stride: u32, xOffset: u32, yOffset: u32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, part: u32, parts: u32): void { splat<f64>(first, tasks, counts, countsStride, slices, width, height, rows, n, stride, xOffset, yOffset, a, b, c, d, e, f, part, parts); }
export function latticeDeposit1(first: u32, count: u32, scratch: u32, out: u32, nx: u32, ny: u32, layers: u32, place: u32, window: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { latticeDeposit<u8>(first, count, scratch, out, nx, ny, layers, place, window, nodes, points, row, M, depth); }
export function treeLeaves1(first: u32, count: u32, leaves: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { treeLeaves<u8>(first, count, leaves, nodes, points, row, M, depth); }
export function treePosterior1(first: u32, count: u32, scratch: u32, out: u32, queries: u32, k: u32, kStride: u32, asked: u32, nodes: u32, points: u32, row: u32, order: u32, leaves: u32, M: u32, depth: u32, lattice: u32): void { treePosterior<u8>(first, count, scratch, out, queries, k, kStride, asked, nodes, points, row, order, leaves, M, depth, lattice); }
export function latticeDeposit2(first: u32, count: u32, scratch: u32, out: u32, nx: u32, ny: u32, layers: u32, place: u32, window: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { latticeDeposit<u16>(first, count, scratch, out, nx, ny, layers, place, window, nodes, points, row, M, depth); }
export function treeLeaves2(first: u32, count: u32, leaves: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { treeLeaves<u16>(first, count, leaves, nodes, points, row, M, depth); }
export function treePosterior2(first: u32, count: u32, scratch: u32, out: u32, queries: u32, k: u32, kStride: u32, asked: u32, nodes: u32, points: u32, row: u32, order: u32, leaves: u32, M: u32, depth: u32, lattice: u32): void { treePosterior<u16>(first, count, scratch, out, queries, k, kStride, asked, nodes, points, row, order, leaves, M, depth, lattice); }
export function latticeDeposit3(first: u32, count: u32, scratch: u32, out: u32, nx: u32, ny: u32, layers: u32, place: u32, window: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { latticeDeposit<u32>(first, count, scratch, out, nx, ny, layers, place, window, nodes, points, row, M, depth); }
export function treeLeaves3(first: u32, count: u32, leaves: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void { treeLeaves<u32>(first, count, leaves, nodes, points, row, M, depth); }
export function treePosterior3(first: u32, count: u32, scratch: u32, out: u32, queries: u32, k: u32, kStride: u32, asked: u32, nodes: u32, points: u32, row: u32, order: u32, leaves: u32, M: u32, depth: u32, lattice: u32): void { treePosterior<u32>(first, count, scratch, out, queries, k, kStride, asked, nodes, points, row, order, leaves, M, depth, lattice); }
export function frameSumsF32(first: u32, tasks: u32, scratch: u32, out: u32, y: u32, queries: u32, integers: u32, integersStride: u32, count: u32, asked: u32, stages: u32, stageCount: u32, points: u32, width: u32, lw: u32, M: u32): void { frameSums<f32>(first, tasks, scratch, out, y, queries, integers, integersStride, count, asked, stages, stageCount, points, width, lw, M); }
export function frameSumsF64(first: u32, tasks: u32, scratch: u32, out: u32, y: u32, queries: u32, integers: u32, integersStride: u32, count: u32, asked: u32, stages: u32, stageCount: u32, points: u32, width: u32, lw: u32, M: u32): void { frameSums<f64>(first, tasks, scratch, out, y, queries, integers, integersStride, count, asked, stages, stageCount, points, width, lw, M); }
