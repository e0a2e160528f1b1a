// Densities whose bits are promised in the simd build, on every host: for Node and for Chromium.
import type { Engine, EngineOptions } from "vkernel";
import { hashOf, type Vkernel } from "./bits.js";

/** SHA-256 of the densities of each equation, on a line and in the plane, on the whole space and in a box. */
export async function fokkerPlanckBits(
  vkernel: Vkernel,
  options: EngineOptions,
): Promise<Record<string, string>> {
  const engine = await vkernel.createEngine({ kernels: "simd", ...options });
  try {
    return await fokkerPlanckBitsBy(vkernel, engine);
  } finally {
    engine.close();
  }
}

/** The same by an engine that is there. */
export async function fokkerPlanckBitsBy(
  { fokkerPlanck, ou, ve }: Vkernel,
  engine: Engine,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  // Coordinates with few digits: the same numbers on every host.
  const points = [0.5, -1.25, 0.75, 1, -0.375, -0.625, 1.5, 0.125];
  for (const dim of [1, 2]) {
    const data = engine.mixture(Float64Array.from(points), { dim, sigma0: 0.125, precision: "f64" });
    for (const direction of ["forward", "reverse", "deterministic"] as const) {
      const times = direction === "forward" ? [0.25, 0.5, 1] : [1, 0.5, 0.25];
      const cells = dim === 1 ? 301 : [83, 91];
      const run = await fokkerPlanck(data, ou(), { direction, times, cells, steps: 12 });
      hashes[`${direction} ${dim}`] = await hashOf(run.densities as Float64Array<ArrayBuffer>[]);
      const box = Array.from({ length: dim }, () => [-2, 2.5] as const);
      const inside = await fokkerPlanck(data, ve(), {
        ...{ direction, times, cells },
        boundary: "reflecting",
        domain: box,
        steps: 6,
      });
      hashes[`${direction} ${dim} reflecting`] = await hashOf(
        inside.densities as Float64Array<ArrayBuffer>[],
      );
    }
    if (dim === 2) continue;
    const unstable = await fokkerPlanck(data, ou(), {
      direction: "unstable",
      times: [1, 0.96, 0.9],
      cells: 96,
    });
    const kept = [...unstable.densities, ...unstable.amplitudes];
    hashes.unstable = await hashOf(kept as Float64Array<ArrayBuffer>[]);
  }
  return hashes;
}

/** The promise: a change of these is a release note. */
export const fokkerPlanckHashes: Readonly<Record<string, string>> = {
  "forward 1": "85ff5fb4c3778698054e93cddd4c0a9f1143758fff83ae142e85fe9a04309df0",
  "forward 1 reflecting": "91b9642e0991074c3c90ae82f85a7cd0bb9d4312eae113b41d5e5acb52247ba8",
  "reverse 1": "d96f2df2d1bcf99266815136b406e6c136c2dd0d04fa4ae7b395baccbee0f0c9",
  "reverse 1 reflecting": "7570564c5b9ee581e5fc947a64fc51048b4c2b0cc256ce100ace3f0ce1c69569",
  "deterministic 1": "8b0bd37a9bd7abb51f516b47fc85dab9173e6992f6997791f493350839e169c5",
  "deterministic 1 reflecting": "63444c82ae5c9bffd3c6fa293522891fe882abb9a687e2421cb39b8b2a3301b3",
  unstable: "c88726a0ecc5f1de2ea2823fe6a95166485b5d527bf3cfe5259710d4153dcde1",
  "forward 2": "62757b000f4f6315cd52b2fae150f217a1f4acdbc01388ca092b571cc5e1f265",
  "forward 2 reflecting": "75e80237e9d242c4956030daf48e8049462a4bb2dc1652246721591f1d52e213",
  "reverse 2": "2dd2c040b73ed7efcf5543e5e8d6dd906c441847769007cf7ed43ce9bd6c734a",
  "reverse 2 reflecting": "106a5f5beda6580022c290a8baa2106fe655ca3cbae999f9d95afa2786f4056d",
  "deterministic 2": "0d9b8cb10534b8e369e62657310c0ab218bcf27d230d8ed87580e52171b5e992",
  "deterministic 2 reflecting": "729082c896f74a3e7ee9d96aad1336863e138ffa76e25774c31fc2de3882903a",
};
