// The page as a reader has it: links, keys, narrow screens, pages without isolation, a network that goes away.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VkernelExplorer } from "../../site/element.js";
import { decodeState } from "../../site/state/decode.js";
import { encodeState } from "../../site/state/hash.js";
import { defaultState, type State, tabs } from "../../site/state/state.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { averageOf } from "../../site/compute/smoothing.js";
import { hexagon } from "./states.js";
import { type OpenOptions, type OpenSite, fetched, openSite, savesData } from "./site.js";

let browser: Browser;

/** The page's state; the pages of these tests have one explorer. */
const stateOf = (page: Page): Promise<State> =>
  page.evaluate(() => (document.querySelector("vkernel-explorer") as VkernelExplorer).getState());

/** What the page says in its notices. */
const noticesOf = (page: Page): Promise<string | null> => page.locator(".notices").textContent();

/** Does something on a page of its own, which must end without an error. */
async function onPage<R>(options: OpenOptions, work: (site: OpenSite) => Promise<R>): Promise<R> {
  const site = await openSite(browser, options);
  try {
    const result = await work(site);
    expect(site.errors).toEqual([]);
    expect(site.missing).toEqual([]);
    return result;
  } finally {
    await site.close();
  }
}

describe.skipIf(skipReason !== undefined)(browserTitle("the explorer's page"), () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  describe("links", () => {
    it("a link opens what it says, and the address follows what is done", { tags: ["long"] }, () =>
      onPage({ address: "#v1;set=four;n=30;seed=7" }, async ({ page }) => {
        expect(await stateOf(page)).toMatchObject({ seed: 7, view: { set: "four", steps: 30 } });
        await page.evaluate(() =>
          (document.querySelector("vkernel-explorer") as VkernelExplorer).setState({ view: { steps: 31 } }),
        );
        await page.waitForFunction(() => location.hash.includes("n=31"));
        const { state, notices } = decodeState(await page.evaluate(() => location.hash));
        expect(notices).toEqual([]);
        expect({ ...state, t: 0 }).toEqual({ ...(await stateOf(page)), t: 0 });
      }),
    );

    it(
      "a link opens the PDE tab from the chosen start; another choice is in the next link, and can be undone",
      { tags: ["long"] },
      () =>
        onPage({ address: "#v1;tab=pde;proc=ou;rev=marginal" }, async ({ page }) => {
          const start = page.getByLabel("The reverse process starts from");
          expect(await start.inputValue()).toBe("marginal");
          await start.selectOption("noise");
          await page.waitForFunction(() => location.hash.includes(";rev=noise"));
          await page.getByRole("button", { name: "Undo (Ctrl Z)" }).click();
          await expect.poll(() => start.inputValue()).toBe("marginal");
          expect((await stateOf(page)).reverseStart).toBe("marginal");
        }),
    );

    it(
      "a link to images of one's own alone opens them where there are any, and says what is needed",
      { tags: ["long"] },
      () =>
        onPage({ address: "#v1;tab=digits;own=1" }, async ({ page }) => {
          expect(await page.getByLabel("Training images").inputValue()).toBe("own");
          await expect
            .poll(() => page.locator(".panel-notices").textContent())
            .toContain("Two images of your own are needed, at least: add PNG files.");
          expect(await page.getByLabel("Set", { exact: true }).first().isVisible()).toBe(false);
        }),
    );

    it("a malformed link gives the defaults and a notice", () =>
      onPage({ address: "#v1x{]" }, async ({ page }) => {
        expect({ ...(await stateOf(page)), t: defaultState.t }).toEqual(defaultState);
        expect(await noticesOf(page)).toContain("The link is malformed: the defaults are shown.");
      }));

    it("what is out of range is clamped, and it says so", () =>
      onPage({ address: "#v1;n=99999;smp=magic" }, async ({ page }) => {
        expect((await stateOf(page)).view).toMatchObject({ steps: 1000, sampler: "heun" });
        const said = await noticesOf(page);
        expect(said).toContain("steps goes from 1 to 1000: 1000 is taken.");
        expect(said).toContain('Sampler has no "magic": heun stays.');
      }));

    it("an address that is changed by hand is followed", () =>
      onPage({}, async ({ page }) => {
        await page.evaluate(() => {
          location.hash = "#v1;set=two;tab=map";
        });
        await expect.poll(async () => (await stateOf(page)).tab).toBe("map");
        expect((await stateOf(page)).view.set).toBe("two");
      }));
  });

  it("from opening the page to sharing a link by keys alone", { tags: ["long"] }, () =>
    onPage({ context: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page }) => {
      const press = (key: string, times = 1): Promise<void> =>
        (async () => {
          for (let i = 0; i < times; i++) await page.keyboard.press(key);
        })();
      /** What has the focus, inside shadow trees. */
      const focused = (): Promise<string> =>
        page.evaluate(() => {
          let one = document.activeElement;
          while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
          return one?.getAttribute("aria-label") ?? one?.textContent?.trim() ?? "";
        });
      const tabTo = async (name: RegExp): Promise<void> => {
        for (let i = 0; i < 80; i++) {
          if (name.test(await focused())) return;
          await press("Tab");
        }
        throw new Error(`no ${name} within 80 tabs, at ${await focused()}`);
      };
      await tabTo(/^Particles$/);
      await press("ArrowLeft");
      expect(await focused()).toBe("Map");
      expect((await stateOf(page)).tab).toBe("map");
      await tabTo(/^Stories$/);
      await press("Enter");
      await expect.poll(focused).toBe("Stories");
      await tabTo(/^Smoothed score/);
      await press("Enter");
      await expect.poll(async () => (await stateOf(page)).story).toBe("smoothed-score");
      await expect.poll(focused).toBe("Smoothed score");
      // Its cards are measured; each says what came of it.
      await expect
        .poll(() => page.locator(".card .verdict").allInnerTexts())
        .toEqual(Array(await page.locator(".card").count()).fill("Holds"));
      await page.keyboard.down("Shift");
      await tabTo(/^Copy a link/);
      await page.keyboard.up("Shift");
      await press("Enter");
      await expect.poll(() => noticesOf(page)).toContain("The link is copied.");
      const link = await page.evaluate(() => navigator.clipboard.readText());
      const { state, notices } = decodeState(new URL(link).hash);
      expect(notices).toEqual([]);
      expect(state.story).toBe("smoothed-score");
      expect({ ...state, t: 0 }).toEqual({ ...(await stateOf(page)), t: 0 });
    }),
  );

  it("a story opens at rest at its time, or plays from noise, as it says; a link's cards are measured when they are reached", {
    tags: ["long"],
  }, async () => {
    await onPage({ address: "#v1;tab=map;t=0.2;story=boundary-map" }, async ({ page }) => {
      const playing = (): Promise<boolean> =>
        page.evaluate(() => (document.querySelector("vkernel-explorer") as VkernelExplorer).playing);
      expect(await playing()).toBe(false);
      const verdicts = page.locator(".card .verdict");
      await verdicts.first().waitFor();
      expect(new Set(await verdicts.allInnerTexts())).toEqual(new Set(["Not measured yet"]));
      await verdicts.first().scrollIntoViewIfNeeded();
      await expect.poll(() => verdicts.allInnerTexts()).toEqual(Array(await verdicts.count()).fill("Holds"));
      expect(await playing()).toBe(false);
      expect((await stateOf(page)).t).toBe(0.2);
      const open = async (name: string): Promise<void> => {
        await page.getByRole("button", { name: "All stories" }).click();
        await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
      };
      await open("Never generalizes");
      await expect.poll(playing).toBe(true);
      await expect.poll(async () => (await stateOf(page)).t).toBeGreaterThan(0.3);
      await open("Smoothed score");
      await expect.poll(playing).toBe(false);
      await expect.poll(async () => (await stateOf(page)).t).toBe(0.1);
    });
    // Where nothing may move by itself, a run stands at the time of the story: one of the story's own grid.
    await onPage({ context: { reducedMotion: "reduce" } }, async ({ page }) => {
      await page.evaluate(() =>
        (document.querySelector("vkernel-explorer") as VkernelExplorer).openStory("never-generalizes"),
      );
      await expect.poll(async () => Math.abs(Math.log((await stateOf(page)).t / 0.3))).toBeLessThan(0.03);
    });
  });

  it("keys act only while the component has the focus", { tags: ["long"] }, () =>
    onPage({ context: { reducedMotion: "reduce" } }, async ({ page }) => {
      const playing = (): Promise<boolean> =>
        page.evaluate(() => (document.querySelector("vkernel-explorer") as VkernelExplorer).playing);
      // Reduced motion: it waits to be started.
      expect(await playing()).toBe(false);
      await page.keyboard.press("Space");
      await page.keyboard.press("s");
      expect([await playing(), (await stateOf(page)).seed]).toEqual([false, 1]);
      await page.locator(".surface").first().focus();
      await page.keyboard.press("Space");
      expect(await playing()).toBe(true);
      await page.keyboard.press("Space");
      expect(await playing()).toBe(false);
      await page.keyboard.press("s");
      expect((await stateOf(page)).seed).not.toBe(1);
      await page.keyboard.press("Control+z");
      expect((await stateOf(page)).seed).toBe(1);
      await page.keyboard.press("Control+y");
      expect((await stateOf(page)).seed).not.toBe(1);
      // In a field, letters are text.
      const seed = page.getByLabel("Seed", { exact: true });
      await seed.fill("12");
      await page.keyboard.press("r");
      await page.keyboard.press("Enter");
      expect((await stateOf(page)).seed).toBe(12);
      await page.locator(".surface").first().focus();
      await page.keyboard.press("?");
      await expect.poll(() => page.locator("dialog").textContent()).toContain("Add a point");
      await page.keyboard.press("Escape");
      // A dialog says that it has closed a moment after it has.
      await expect.poll(() => page.locator("dialog").count()).toBe(0);
    }),
  );

  it("controls are there where they change something", { tags: ["long"] }, () =>
    onPage({ context: { reducedMotion: "reduce" } }, async ({ page }) => {
      const shown = (label: string): Promise<boolean> =>
        page.getByLabel(label, { exact: true }).first().isVisible();
      expect(await shown("Draws R")).toBe(false);
      await page.getByLabel("Score", { exact: true }).first().selectOption("naive");
      expect((await stateOf(page)).view.estimator).toBe("naive");
      expect(await shown("Draws R")).toBe(true);
      expect(await shown("Smoothing \u03ba")).toBe(false);
      await page.getByRole("tab", { name: "Map" }).click();
      expect([await shown("Steps"), await shown("Seed")]).toEqual([false, false]);
    }),
  );

  it.each(tabs)("no scrolling to the side at 320 px: %s", { tags: ["long"] }, (tab) =>
    onPage(
      { address: `#v1;tab=${tab}`, context: { viewport: { width: 320, height: 640 } } },
      async ({ page }) => {
        await page.locator(".group summary").first().waitFor();
        // Everything unfolded.
        await page.evaluate(() => {
          const { shadowRoot } = document.querySelector("vkernel-explorer") as VkernelExplorer;
          for (const group of shadowRoot?.querySelectorAll("details") ?? []) group.open = true;
        });
        const widths = await page.evaluate(() => ({
          page: document.documentElement.scrollWidth,
          body: document.body.scrollWidth,
        }));
        expect(widths).toEqual({ page: 320, body: 320 });
        // Time stays in reach wherever one has scrolled to.
        if (tab === "particles") {
          await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
          const bar = await page.locator(".timebar").boundingBox();
          expect(bar?.y).toBeGreaterThanOrEqual(0);
          expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBeLessThanOrEqual(640);
        }
      },
    ),
  );

  it("runs under any path and without isolation, on one thread, and says so", () =>
    onPage({ server: { isolated: false, base: "/some/where/" } }, async ({ page, url }) => {
      expect(url).toMatch(/\/some\/where\/$/);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await page.locator(".engine").textContent()).toMatch(/1 thread: .*cross-origin isolated/);
      const { count } = await page.evaluate(() =>
        (document.querySelector("vkernel-explorer") as VkernelExplorer).getParticles(),
      );
      expect(count).toBe(20_000);
    }));

  it("goes on when the network is cut after it has loaded", { tags: ["long"] }, () =>
    onPage({ init: savesData, context: { reducedMotion: "reduce" } }, async ({ page }) => {
      await fetched(page, "pointer", "places");
      await page.context().setOffline(true);
      const result = await page.evaluate(async () => {
        const explorer = document.querySelector("vkernel-explorer") as VkernelExplorer;
        explorer.setState({ seed: 9, t: 1, view: { steps: 20, particles: 500, process: "vp" } });
        explorer.setPoints([
          [0, 0],
          [1, 0.5],
        ]);
        await explorer.seek(20);
        const { data, step } = await explorer.getParticles();
        const { weights } = await explorer.probe([0.1, 0.2], 0.5);
        return { step, count: data.length, finite: data.every(Number.isFinite), weights: weights.length };
      });
      expect(result).toEqual({ step: 20, count: 1000, finite: true, weights: 2 });
    }),
  );

  it("what could not be loaded says so, and is loaded when there is a network again", {
    tags: ["long"],
  }, async () => {
    const site = await openSite(browser, { init: savesData, context: { reducedMotion: "reduce" } });
    const { page } = site;
    const again = "could not be loaded: try again when there is a network.";
    const says = (what: string): Promise<void> =>
      expect.poll(() => noticesOf(page)).toContain(`${what} ${again}`);
    const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
    const dialog = page.locator("dialog");
    try {
      await fetched(page, "pointer", "places");
      await page.context().setOffline(true);
      await press("Help (?)");
      await says("The help");
      await press("Table");
      await says("The table");
      await press("Stories");
      await says("The stories");
      await press("Save");
      await page.getByRole("menuitem", { name: "Particles (.csv)" }).click();
      await says("The export");
      await page.getByLabel("Score", { exact: true }).first().selectOption("smoothed");
      await says("A part of the explorer");
      await page.getByRole("tab", { name: "PDE" }).click();
      await expect.poll(() => page.getByRole("alert").textContent()).toContain(`This tab ${again}`);

      await page.context().setOffline(false);
      await press("Try again");
      await page.locator(".tab-panel").waitFor();
      await page.getByRole("tab", { name: "Particles" }).click();
      // The score that was chosen runs now; how it is averaged stands beside its width.
      await page.evaluate(() => (document.querySelector("vkernel-explorer") as VkernelExplorer).seek(100));
      const { count = 0 } = averageOf(hexagon) ?? {};
      await page.getByText(`Averaged over ${count} places per particle.`).waitFor();
      for (const [name, title] of [
        ["Help (?)", "Keys, while"],
        ["Table", "Points"],
      ] as const) {
        await press(name);
        await expect.poll(() => dialog.textContent()).toContain(title);
        await page.keyboard.press("Escape");
      }
      await press("Stories");
      const story = page.locator("[data-story=flow-map]");
      await story.waitFor();

      await page.context().setOffline(true);
      await story.click();
      await says("The story");
      // In sight, also down here.
      const box = await page.locator(".notices p").last().boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
      expect((await stateOf(page)).story).toBeUndefined();
      // One that the state asks for says so too, and the index stays.
      await page.evaluate(() =>
        (document.querySelector("vkernel-explorer") as VkernelExplorer).setState({ story: "boundary-map" }),
      );
      expect(await story.isVisible()).toBe(true);
      const refused = await page.evaluate(() =>
        (document.querySelector("vkernel-explorer") as VkernelExplorer)
          .openStory("boundary-map")
          .catch((error) => [error.code, error.message]),
      );
      expect(refused).toEqual(["E_IO", `The story ${again}`]);

      await page.context().setOffline(false);
      await story.click();
      await page.locator("article[data-story=flow-map]").waitFor();
      expect((await stateOf(page)).story).toBe("flow-map");
      expect(site.errors.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
    } finally {
      await site.close();
    }
  });

  it(
    "fetches ahead what the page needs, so that a network that goes away is not missed",
    { tags: ["long"] },
    () =>
      onPage({ context: { reducedMotion: "reduce" } }, async ({ page }) => {
        await fetched(page, "help", "table", "stories", "exporter", "overlay", "d3-delaunay", "decode");
        await fetched(
          page,
          "pointer",
          "places",
          "estimators",
          "pairs",
          "samplers",
          "shapes",
          "kernelDensityRun",
          "plain",
          "rowCalls",
        );
        await page.context().setOffline(true);
        for (const name of ["Help (?)", "Table"]) {
          await page.getByRole("button", { name, exact: true }).click();
          await page.locator("dialog").waitFor();
          await page.keyboard.press("Escape");
        }
        await page.getByRole("button", { name: "Stories", exact: true }).click();
        await page.locator("[data-story=flow-map]").waitFor();
        for (const view of [
          { estimator: "smoothed", set: "two" },
          { estimator: "naive", sampler: "eulerMaruyama" },
          { estimator: "kde", overlays: { arrows: true, voronoi: true, trajectories: true, ellipses: true } },
        ] as const) {
          const finite = await page.evaluate(async (patch) => {
            const explorer = document.querySelector("vkernel-explorer") as VkernelExplorer;
            explorer.setState({ view: { steps: 12, particles: 400, ...patch } });
            await explorer.seek(12);
            return (await explorer.getParticles()).data.every(Number.isFinite);
          }, view);
          expect(finite).toBe(true);
        }
        expect(await noticesOf(page)).not.toContain("could not be loaded");
      }),
  );

  it("a state survives its link through the address bar", () =>
    onPage({}, async ({ page, url }) => {
      const view = { ...defaultState.view, steps: 12, set: "own" as const, points: [0.1234, -0.5, 1, 2] };
      const state = { ...defaultState, seed: 4_294_967_295, view };
      await page.goto(`${url}#${encodeState(state)}`);
      await expect.poll(async () => ({ ...(await stateOf(page)), t: defaultState.t })).toEqual(state);
    }));
});
