import { numeric, text, texts } from "../option.js";

export const serveOptions = {
  port: numeric("<n>", "0 for any that is free", { default: 4173 }),
  host: text("<address>", "who may reach it", { otherwise: "127.0.0.1: this machine alone" }),
  origin: texts("<origin...>", 'other origins whose pages may use the files (http://localhost:8080, or "*")'),
};
