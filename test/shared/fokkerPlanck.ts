// Densities whose bits are promised in the simd build, on every host: for Node and for Chromium.
import type { EngineOptions } from "vkernel";
import { hashOf, type Vkernel } from "./bits.js";

/** SHA-256 of the densities of each equation, on a line and in the plane, on the whole space and in a box. */
export async function fokkerPlanckBits(
  { createEngine, fokkerPlanck, ou, ve }: Vkernel,
  options: EngineOptions,
): Promise<Record<string, string>> {
  const engine = await createEngine({ kernels: "simd", ...options });
  const hashes: Record<string, string> = {};
  try {
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
  } finally {
    engine.close();
  }
  return hashes;
}

/** The promise: a change of these is a release note. */
export const fokkerPlanckHashes: Readonly<Record<string, string>> = {
  "forward 1": "3621aec42b229cc0b77a77294eca6b0b5edd876d7f54f2eb27d618a4af4d72ce",
  "forward 1 reflecting": "7ae29b9a137618bd9ad6fbf11950dfcc8d2e8a7e053332d82ab1f1a6598c0cf1",
  "reverse 1": "52d60cc0cb073afc4066b10469deb3bdb3838e3377edcd622ec4b69f27f61981",
  "reverse 1 reflecting": "5bcf0c2e1c430451efa41f8af5c85815af840fd9782884ef2f68a6400f7ee8a4",
  "deterministic 1": "b07def8dd62272703a027a7c176e20c0faf398713a05fbde8cbcb1a33eba7ab5",
  "deterministic 1 reflecting": "4e7c7668ccdd315b58ae3a43479557bdc9ade88d429f4c78b6d1e63d1bdaf1ac",
  unstable: "b541971cedd2d941056bbfdacf63864c23b27c991b2fffbca3a6364f9afc6145",
  "forward 2": "e127d33b675c1ad103b4514056edd28784d3eb477ae7b72e5496e16383e020b1",
  "forward 2 reflecting": "4dadb941dd1490e13b8908393f5b7d25388d8cbce5a069acf646436168393bd8",
  "reverse 2": "4925325e42e0149482309205b9ab55529ef636065adda68ad67a513d55c0fa72",
  "reverse 2 reflecting": "2fd22b28f4443fede4800059c97afbbdbb3f1a3bf59d33dcbd45e8324757e0ba",
  "deterministic 2": "89d2576ee388b76044149cd2e1d32c38cdb1e996b45c24c8718ba8a8ecee01bc",
  "deterministic 2 reflecting": "8bfbf52d7db29f031fcebf0b91bc05add6c3addfe4ebb0e1bc91c1e3493f001f",
};
