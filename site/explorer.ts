import { VkernelExplorer } from "./element.js";

/**
 * The script that pages load: `<vkernel-explorer>` works from here on.
 *
 * @example
 * <script type="module" src="https://example.org/vkernel/explorer.js"></script>
 * <vkernel-explorer data-story="boundary" style="height: 640px"></vkernel-explorer>
 */
if (customElements.get("vkernel-explorer") === undefined)
  customElements.define("vkernel-explorer", VkernelExplorer);

export { VkernelExplorer };
